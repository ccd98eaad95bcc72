package org.kmodwatch.lab;

import java.util.List;
import org.junit.jupiter.params.provider.Arguments;

/**
 * The kernels that tests boot. Every case of {@code cases.sh} runs on all of them; what takes
 * longer runs on Debian's kernels for clouds, or on all with {@code -Dkmodwatch.kernels=all}.
 */
final class TestKernels {

  private TestKernels() {}

  static List<Arguments> all() {
    return Lab.kernels().kernels().stream().map(LabKernel::name).map(Arguments::of).toList();
  }

  static List<Arguments> few() {
    return System.getProperty("kmodwatch.kernels", "").equals("all")
        ? all()
        : List.of(Arguments.of("6.1"), Arguments.of("6.12"));
  }

  /** The first two numbers of its version. */
  static String version(String kernel) {
    return kernel.replaceFirst("-.*", "");
  }

  static boolean is61(String kernel) {
    return version(kernel).equals("6.1");
  }

  /** Whether programs of the sensor may be preempted, and then are skipped for whoever preempts. */
  static boolean isRealTime(String kernel) {
    return kernel.endsWith("-rt");
  }
}
