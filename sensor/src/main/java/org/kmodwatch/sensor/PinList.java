package org.kmodwatch.sensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.kmodwatch.sensor.kernel.Pin;

/**
 * The content of a set of pins. It is kept twice: in a frozen map beside the pins, and by a {@link
 * PinKeeper} outside of the kernel.
 *
 * @param sinceBootNanos when all of its programs were attached, CLOCK_BOOTTIME
 * @param pins each name of the set, and its object
 */
record PinList(long sinceBootNanos, List<Pin> pins) {

  private static final String SINCE = "since ";

  /** Copies the list. */
  PinList {
    pins = List.copyOf(pins);
  }

  /** Writes the list as lines, each with its end: the time, then {@code NAME IDENTITY}. */
  String text() {
    var text = new StringBuilder(SINCE).append(sinceBootNanos).append('\n');
    pins.forEach(pin -> text.append(pin.name()).append(' ').append(pin.identity()).append('\n'));
    return text.toString();
  }

  /** Reads the text that {@link #text} wrote; empty if it is another text. */
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
