package org.kmodwatch.lab;

import java.util.List;
import org.junit.jupiter.params.provider.Arguments;

/**
 * The kernels that tests boot. Every case of {@code cases.sh} runs on all of them; what takes
 * longer runs on Debian's kernels for clouds. With {@code -Dkmodwatch.kernels=all} everything runs
 * on all, with names instead of {@code all} on those.
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
   * For what boots a Debian, which only the clouds' kernels do without an initramfs, and for what
   * the bench does on both.
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

  /** The first two numbers of its version. */
  static String version(String kernel) {
    return kernel.replaceFirst("-.*", "");
  }

  /** Whether it is of the line 6.1, of whatever flavour. */
  static boolean is61(String kernel) {
    return version(kernel).equals("6.1");
  }

  /** Whether it lets a program sleep at the entry of a call; of Debian's those from 7.1 on do. */
  static boolean letsEntriesSleep(String kernel) {
    String[] numbers = version(kernel).split("\\.", -1);
    int major = Integer.parseInt(numbers[0]);
    return major > 7 || (major == 7 && Integer.parseInt(numbers[1]) >= 1);
  }

  /** Whether programs of the sensor may be preempted, and then are skipped for whoever preempts. */
  static boolean isRealTime(String kernel) {
    return kernel.endsWith("-rt");
  }
}
