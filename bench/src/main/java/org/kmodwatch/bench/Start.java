package org.kmodwatch.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.kmodwatch.lab.Accelerator;
import org.kmodwatch.lab.AddedFile;
import org.kmodwatch.lab.Lab;
import org.kmodwatch.lab.LabRun;

/**
 * Measures the time of {@code watch} from exec to armed, and compares it with Java's default
 * options.
 */
final class Start implements Measurement {

  private static final Duration GUEST_LIMIT = Duration.ofMinutes(20);
  private static final int ROUNDS = 5;
  private static final double TARGET_RATIO = 0.5;
  private static final double TARGET_MILLIS = 400;

  /** Sorts the jars as in the installed command. */
  private static final Comparator<String> OWN_FIRST =
      Comparator.comparing((String jar) -> !jar.contains("/lib/kmodwatch-"))
          .thenComparing(Comparator.naturalOrder());

  private static final String SIGNED = "image/src/test/resources/org/kmodwatch/image/seeds/signed";

  @Override
  public String name() {
    return "start";
  }

  @Override
  public String summary() {
    return "from exec to armed in the lab, beside Java's default options; ten minutes";
  }

  @Override
  public Figures measure(Workplace workplace) throws Exception {
    DebianPackage made = DebianPackage.make(workplace);
    Path signed = workplace.root().resolve(SIGNED);
    LabRun run =
        LabRun.of(Guests.KERNEL, Guests.resource("start.sh"))
            .withoutSensor()
            .withTimeout(GUEST_LIMIT)
            .withFile(made.forGuest())
            .withFile(AddedFile.parse(signed + ":/root/signed.ko"));
    workplace.say("in the lab's guest");
    List<String> timed = lines(run.withAccelerator(Accelerator.MTTCG), workplace.folder("start"));
    workplace.say("in a guest that counts instructions");
    List<String> counted = lines(run.withInstructionClock(), workplace.folder("start-counted"));
    workplace.say("training on this machine");
    double trainingMillis = trainingMillis(made.unpacked(), signed);
    double gigasPerMilli = median(counted, "training") / trainingMillis;
    double projectedMillis = median(counted, "as_shipped") / gigasPerMilli;
    var figures = new Figures.Builder();
    compare(figures, timed, "seconds in the lab's guest", "s");
    compare(figures, counted, "instructions, the kernel's included", "G");
    return figures
        .add(
            "instructions a second of this machine, by a run that needs no kernel",
            "%.1f G".formatted(gigasPerMilli * 1000))
        .add(
            "projected start at that speed",
            "%.0f ms".formatted(projectedMillis),
            "under %.0f ms".formatted(TARGET_MILLIS),
            projectedMillis < TARGET_MILLIS)
        .build();
  }

  private static void compare(
      Figures.Builder figures, List<String> lines, String what, String unit) {
    double defaults = median(lines, "with_defaults");
    double shipped = median(lines, "as_shipped");
    figures
        .add(what + ", default options", "%.2f %s".formatted(defaults, unit))
        .add(
            what + ", as shipped",
            "%.2f %s (%.0f %%)".formatted(shipped, unit, 100 * shipped / defaults),
            "at most half",
            shipped <= TARGET_RATIO * defaults);
  }

  private static List<String> lines(LabRun run, Path folder) throws Exception {
    Path out = folder.resolve(Long.toString(System.currentTimeMillis()));
    return Files.readAllLines(Lab.run(run.withOut(out)).guestLog());
  }

  /**
   * Returns the median of durations on the guest's clock: seconds, or with the other clock,
   * billions of instructions.
   */
  private static double median(List<String> lines, String name) {
    return median(
        lines.stream()
            .map(line -> line.split(" ", -1))
            .filter(words -> words.length == 3 && words[0].equals(name))
            .map(words -> Double.parseDouble(words[2]) - Double.parseDouble(words[1]))
            .toList());
  }

  private static double median(List<Double> values) {
    if (values.size() < ROUNDS) {
      throw new BenchException("the guest made %d rounds".formatted(values.size()));
    }
    return Replay.median(values);
  }

  /** Repeats the guest's training run on this machine, to find out its instructions per second. */
  private static double trainingMillis(Path root, Path signed) throws Exception {
    Path home = root.resolve("usr/lib/kmodwatch");
    List<String> jars;
    try (Stream<Path> files = Files.list(home.resolve("lib"))) {
      jars = files.map(Path::toString).sorted(OWN_FIRST).toList();
    }
    var millis = new ArrayList<Double>();
    for (int i = 0; i < ROUNDS; i++) {
      long began = System.nanoTime();
      Process process =
          new ProcessBuilder(
                  home.resolve("runtime/bin/java").toString(),
                  "@" + home.resolve("java/common"),
                  "@" + home.resolve("java/watch"),
                  "-XX:AOTCache=" + home.resolve("kmodwatch.aot"),
                  "-cp",
                  String.join(":", jars),
                  "org.kmodwatch.agent.build.Training",
                  signed.toString(),
                  root.resolve("machine" + i).toString())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (process.waitFor() != 0) {
        throw new BenchException("the training run failed: status=" + process.exitValue());
      }
      millis.add((System.nanoTime() - began) / 1e6);
    }
    return median(millis);
  }
}
