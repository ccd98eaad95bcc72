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

  /** Whether it is of the line 6.1, of whatever flavour. */
  static boolean is61(String kernel) {
    return kernel.equals("6.1") || kernel.startsWith("6.1-");
  }
}
