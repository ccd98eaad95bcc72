package org.kmodwatch.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.stream.Stream;

/** Describes the machine of the measurements. */
final class MeasuredMachine {

  private static final long GIB = 1L << 30;

  private MeasuredMachine() {}

  /** Returns one line: the date, the processor, the memory, the kernel, the Java version. */
  static String describe(LocalDate date) throws IOException {
    return "%s: %d cores of %s, %d GiB, Linux %s, Java %s."
        .formatted(
            date,
            Runtime.getRuntime().availableProcessors(),
            field("/proc/cpuinfo", "model name"),
            Math.round(memoryBytes() / (double) GIB),
            System.getProperty("os.version"),
            Runtime.version());
  }

  private static long memoryBytes() throws IOException {
    String total = field("/proc/meminfo", "MemTotal");
    return Long.parseLong(total.replace(" kB", "")) << 10;
  }

  private static String field(String file, String key) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(key) && line.contains(":"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("?");
    }
  }
}
