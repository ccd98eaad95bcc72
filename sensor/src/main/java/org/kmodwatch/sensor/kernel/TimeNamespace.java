package org.kmodwatch.sensor.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads how far the clocks of this process are from the host's. In a time namespace
 * (time_namespaces(7)), for example of a container, CLOCK_BOOTTIME has an offset. The times that
 * the programs take have no such offset.
 */
final class TimeNamespace {

  /** The format of timens_offsets_show() of kernel/time/namespace.c: seconds and nanoseconds. */
  private static final Pattern BOOTTIME =
      Pattern.compile("boottime\\s+(-?[0-9]{1,10})\\s+([0-9]{1,9})\\s*");

  private TimeNamespace() {}

  /**
   * Returns the offset that the kernel adds to the host's CLOCK_BOOTTIME for this process. Returns
   * 0 on the host, and where the kernel has no such namespaces.
   *
   * @param proc where proc is mounted
   */
  static long bootOffsetNanos(Path proc) {
    try {
      for (String line : Files.readAllLines(proc.resolve("self/timens_offsets"))) {
        Matcher offset = BOOTTIME.matcher(line);
        if (offset.matches()) {
          return Long.parseLong(offset.group(1)) * 1_000_000_000L + Long.parseLong(offset.group(2));
        }
      }
      return 0;
    } catch (IOException noSuchNamespaces) {
      return 0;
    }
  }
}
