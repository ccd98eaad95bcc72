package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;

/**
 * How long each kernel took the last time until its script began, in a small file each: what the
 * next boot is shown against.
 */
final class BootTimes {

  /** What the first boot of a kernel is shown against. */
  static final Duration FIRST = Duration.ofSeconds(7);

  private final Path folder;

  /** Those in {@code folder}, which need not be there. */
  BootTimes(Path folder) {
    this.folder = folder;
  }

  /** How long it took the last time. */
  Duration usual(LabRun run) {
    try {
      Duration last = Duration.parse(Files.readString(file(run)).strip());
      return last.isPositive() ? last : FIRST;
    } catch (IOException | DateTimeParseException notKnown) {
      return FIRST;
    }
  }

  /** Remembers how long it took. */
  void remember(LabRun run, Duration took) {
    try {
      Files.createDirectories(folder);
      Files.writeString(file(run), took + "\n");
    } catch (IOException notKept) {
      // The next boot is shown against another time; nothing else depends on it.
    }
  }

  /** A guest takes longer with the sensor, and on one processor that counts instructions. */
  private Path file(LabRun run) {
    return folder.resolve(
        "%s-%s-%s%s"
            .formatted(
                run.kernel(),
                run.agent(),
                run.accelerator(),
                run.instructionClock() ? "-counted" : ""));
  }
}
