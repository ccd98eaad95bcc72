package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;

/**
 * Stores how long each kernel last took until its script began, in a small file per kernel. The
 * progress of the next boot is shown against this time.
 */
final class BootTimes {

  /** Sets the time against which the first boot of a kernel is shown. */
  static final Duration FIRST = Duration.ofSeconds(7);

  private final Path folder;

  /** Creates a store in {@code folder}, which need not exist. */
  BootTimes(Path folder) {
    this.folder = folder;
  }

  /** Returns how long the last boot took. */
  Duration usual(LabRun run) {
    try {
      Duration last = Duration.parse(Files.readString(file(run)).strip());
      return last.isPositive() ? last : FIRST;
    } catch (IOException | DateTimeParseException notKnown) {
      return FIRST;
    }
  }

  /** Stores how long a boot took. */
  void remember(LabRun run, Duration took) {
    try {
      Files.createDirectories(folder);
      Files.writeString(file(run), took + "\n");
    } catch (IOException notKept) {
      // The next boot is shown against another time; nothing else depends on the file.
    }
  }

  /**
   * Returns the file of a configuration. A boot takes longer with the sensor, and on one processor
   * that counts instructions.
   */
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
