package org.kmodwatch.lab;

import java.util.List;
import org.junit.jupiter.params.provider.Arguments;

/**
 * Selects the kernels that tests boot. Every case of {@code cases.sh} runs on all of them; longer
 * tests run on Debian's cloud kernels. With {@code -Dkmodwatch.kernels=all} everything runs on all
 * kernels; names instead of {@code all} select those.
 */
final class TestKernels {

  private static final List<String> CLOUDS = List.of("6.1", "6.12");

  private TestKernels() {}

  static List<Arguments> all() {
    return arguments(asked(names(), names()));
  }

  static List<Arguments> few() {
    return arguments(asked(CLOUDS, names()));
  }

  /**
   * Returns the kernels for tests that boot a Debian, which only cloud kernels do without an
   * initramfs. They also serve tests that the bench repeats on both.
   */
  static List<Arguments> newest() {
    return arguments(asked(List.of("6.12"), CLOUDS));
  }

  private static List<String> asked(List<String> usual, List<String> all) {
    return switch (System.getProperty("kmodwatch.kernels", "")) {
      case "" -> usual;
      case "all" -> all;
      case String names -> List.of(names.split(",", -1));
    };
  }

  private static List<String> names() {
    return Lab.kernels().kernels().stream().map(LabKernel::name).toList();
  }

  private static List<Arguments> arguments(List<String> kernels) {
    return kernels.stream().map(Arguments::of).toList();
  }

  /** Returns the first two numbers of its version. */
  static String version(String kernel) {
    return kernel.replaceFirst("-.*", "");
  }

  /** Returns whether it is of the line 6.1, of any flavour. */
  static boolean is61(String kernel) {
    return version(kernel).equals("6.1");
  }

  /**
   * Returns whether a program may sleep at the entry of a call; of Debian's kernels, those from 7.1
   * on allow it.
   */
  static boolean letsEntriesSleep(String kernel) {
    String[] numbers = version(kernel).split("\\.", -1);
    int major = Integer.parseInt(numbers[0]);
    return major > 7 || (major == 7 && Integer.parseInt(numbers[1]) >= 1);
  }

  /**
   * Returns whether programs of the sensor may be preempted; they are then skipped for the
   * preempting thread.
   */
  static boolean isRealTime(String kernel) {
    return kernel.endsWith("-rt");
  }
}
