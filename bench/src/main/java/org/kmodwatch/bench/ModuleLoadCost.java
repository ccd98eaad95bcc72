package org.kmodwatch.bench;

import java.io.IOException;

/** Measures the sensor's cost in the system call that loads a module. */
final class ModuleLoadCost implements Measurement {

  private static final int LOADS = 100;
  private static final double TARGET_ON = 1.03;
  private static final double TARGET_IMAGES = 1.15;

  @Override
  public String name() {
    return "module-load";
  }

  @Override
  public String summary() {
    return "instructions of one finit_module(2) of dummy.ko, sensor off and on, two kernels (3"
        + " min)";
  }

  @Override
  public Figures measure(Workplace workplace) throws IOException {
    var figures = new Figures.Builder();
    for (String kernel : Guests.KERNELS) {
      InstructionCounts counts = InstructionCounts.of(workplace, kernel, name(), LOADS);
      add(figures, counts, "signed", "dummy.ko, Linux " + kernel);
      add(figures, counts, "unsigned", "the same without its signature");
    }
    return figures.build();
  }

  private static void add(
      Figures.Builder figures, InstructionCounts counts, String name, String what) {
    double off = counts.of("off", name).median();
    figures.add(what + ", sensor off", "%,.0f instructions".formatted(off));
    add(figures, "… sensor on, --image-buffer off", counts.of("on", name), off, TARGET_ON);
    add(figures, "… sensor on, with images", counts.of("images", name), off, TARGET_IMAGES);
  }

  private static void add(
      Figures.Builder figures, String what, Spread on, double off, double target) {
    double ratio = on.median() / off;
    figures.add(
        what,
        "%.4f times (%+,.0f)".formatted(ratio, on.median() - off),
        "at most %.2f times".formatted(target),
        ratio <= target);
  }
}
