package org.kmodwatch.sensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.kmodwatch.sensor.kernel.Pin;

/**
 * What a set of pins consists of. It is kept twice: in a frozen map beside the pins, and by a
 * {@link PinKeeper} outside of the kernel.
 *
 * @param sinceBootNanos when all of its programs were on their hooks, CLOCK_BOOTTIME
 * @param pins each name of the set, and what is behind it
 */
record PinList(long sinceBootNanos, List<Pin> pins) {

  private static final String SINCE = "since ";

  /** Copies the list. */
  PinList {
    pins = List.copyOf(pins);
  }

  /** Lines, each with its end: since when, and then {@code NAME IDENTITY}. */
  String text() {
    var text = new StringBuilder(SINCE).append(sinceBootNanos).append('\n');
    pins.forEach(pin -> text.append(pin.name()).append(' ').append(pin.identity()).append('\n'));
    return text.toString();
  }

  /** Reads what {@link #text} wrote; empty if it is anything else. */
  static Optional<PinList> parse(String text) {
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || !lines.getFirst().matches(SINCE + "\\d{1,18}")) {
      return Optional.empty();
    }
    var pins = new ArrayList<Pin>();
    for (String line : lines.subList(1, lines.size())) {
      int slash = line.indexOf('/');
      int space = line.indexOf(' ');
      if (slash < 1 || space <= slash || line.contains("..")) {
        return Optional.empty();
      }
      pins.add(new Pin(line.substring(0, space), line.substring(space + 1)));
    }
    return Optional.of(
        new PinList(Long.parseLong(lines.getFirst().substring(SINCE.length())), pins));
  }
}
