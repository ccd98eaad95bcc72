package org.kmodwatch.bench;

import java.io.IOException;

/** Measures the cost of the armed sensor in a system call that does not concern modules. */
final class SystemCallCost implements Measurement {

  /** Sets the number of calls in a batch of instructions.sh. */
  private static final double CALLS = 10_000;

  private static final double TOLERANCE = 0.1;

  @Override
  public String name() {
    return "system-call";
  }

  @Override
  public String summary() {
    return "instructions of one getppid(2), sensor off and on, two kernels (2 min)";
  }

  @Override
  public Figures measure(Workplace workplace) throws IOException {
    var figures = new Figures.Builder();
    for (String kernel : Guests.KERNELS) {
      InstructionCounts counts = InstructionCounts.of(workplace, kernel, name(), 0);
      double off = counts.of("off", "getppid").max() / CALLS;
      double on = counts.of("images", "getppid").max() / CALLS;
      figures.add("getppid, Linux " + kernel + ", sensor off", instructions(off));
      figures.add(
          "getppid, Linux " + kernel + ", sensor on",
          instructions(on),
          "the same, within 0.1",
          Math.abs(on - off) <= TOLERANCE);
    }
    return figures.build();
  }

  private static String instructions(double count) {
    return "%.2f instructions".formatted(count);
  }
}
