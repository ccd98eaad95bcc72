package org.kmodwatch.agent.state;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.PinKeeper;
import org.kmodwatch.sensor.PinnedState;

/**
 * Keeps the pinned state and the time of the last watching in the state folder. The next start
 * compares them with the pins and rings that it finds.
 *
 * <p>The file {@code pins} changes when programs are pinned. The file {@code watched} changes after
 * each read, and every ten seconds. Each begins with its boot id, because pins and rings end with
 * the machine. So neither is synced to disk. A failed write is reported once, and the agent
 * continues. One thread.
 */
public final class WatchedFile implements PinKeeper {

  static final String PINS = "pins";
  static final String WATCHED = "watched";

  /** The accuracy of the kept time. */
  private static final long KEEP_ANYHOW_NANOS = 10_000_000_000L;

  /**
   * Formats all times in the same width, so that a text is rarely shorter than the one it
   * overwrites.
   */
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(9).toFormatter(Locale.ROOT);

  private static final String BOOT = "boot ";
  private static final String AT = "at ";
  private static final String FOLDER = "folder ";

  private final Path folder;
  private final String bootId;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final Consumer<String> notes;
  private @Nullable PinnedState kept;
  private long keptNanos;
  private boolean fails;

  /**
   * Creates the keeper, and writes nothing yet.
   *
   * @param bootId the id of the machine's boot
   * @param clock gives the times that are written
   * @param nanos a monotonic clock
   * @param notes takes messages for a person
   */
  public WatchedFile(
      Path folder, String bootId, InstantSource clock, LongSupplier nanos, Consumer<String> notes) {
    this.folder = folder;
    this.bootId = bootId;
    this.clock = clock;
    this.nanos = nanos;
    this.notes = notes;
  }

  @Override
  public Optional<Kept> last() {
    List<String> pins = lines(PINS);
    if (pins.size() < 3 || !pins.get(2).startsWith(FOLDER)) {
      return Optional.empty();
    }
    String pinFolder = pins.get(2).substring(FOLDER.length());
    if (!isPath(pinFolder)) {
      return Optional.empty();
    }
    List<String> watched = lines(WATCHED);
    Optional<Instant> at = time(watched).or(() -> time(pins));
    if (at.isEmpty()) {
      return Optional.empty();
    }
    var text = new StringBuilder();
    pins.stream().skip(3).forEach(line -> text.append(line).append('\n'));
    return Optional.of(
        new Kept(new PinnedState(pinFolder, text.toString(), positions(watched)), at.get()));
  }

  private static boolean isPath(String text) {
    try {
      return Path.of(text).isAbsolute();
    } catch (InvalidPathException e) {
      return false;
    }
  }

  @Override
  public void keep(PinnedState state) {
    PinnedState before = kept;
    boolean samePins =
        before != null
            && state.folder().equals(before.folder())
            && state.pins().equals(before.pins());
    if (samePins && state.equals(before) && nanos.getAsLong() - keptNanos < KEEP_ANYHOW_NANOS) {
      return;
    }
    String head = BOOT + bootId + "\n" + AT + TIME.format(clock.instant()) + "\n";
    try {
      if (!samePins) {
        String pins = head + FOLDER + state.folder() + "\n" + state.pins();
        StateFiles.replace(folder.resolve(PINS), pins);
      }
      StateFiles.writeOver(folder.resolve(WATCHED), head + text(state.positions()));
      kept = state;
      keptNanos = nanos.getAsLong();
      if (fails) {
        fails = false;
        notes.accept("state: what is pinned is written down again");
      }
    } catch (IOException | UnsupportedOperationException e) {
      kept = null;
      if (!fails) {
        fails = true;
        notes.accept(
            ("state: cannot write in %s: %s; what is done to the pins while Kmodwatch is down may"
                    + " not be noticed")
                .formatted(folder, e));
      }
    }
  }

  private static String text(Map<String, List<Long>> positions) {
    var text = new StringBuilder();
    positions.forEach(
        (name, values) -> {
          text.append(name);
          values.forEach(value -> text.append(' ').append("%016x".formatted(value)));
          text.append('\n');
        });
    return text.toString();
  }

  private static Map<String, List<Long>> positions(List<String> lines) {
    var positions = new LinkedHashMap<String, List<Long>>();
    for (String line : lines.stream().skip(2).toList()) {
      String[] fields = line.split(" ", -1);
      var values = new ArrayList<Long>();
      for (int i = 1; i < fields.length; i++) {
        if (!fields[i].matches("[0-9a-f]{16}")) {
          return Map.of();
        }
        values.add(Long.parseUnsignedLong(fields[i], 16));
      }
      positions.put(fields[0], values);
    }
    return positions;
  }

  private static Optional<Instant> time(List<String> lines) {
    try {
      return lines.size() < 2 || !lines.get(1).startsWith(AT)
          ? Optional.empty()
          : Optional.of(Instant.parse(lines.get(1).substring(AT.length())));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Returns the lines of a file of this boot; empty if no such file can be read. */
  private List<String> lines(String name) {
    List<String> lines =
        StateFiles.read(folder.resolve(name)).map(text -> text.lines().toList()).orElse(List.of());
    return !lines.isEmpty() && lines.getFirst().equals(BOOT + bootId) ? lines : List.of();
  }
}
