package org.kmodwatch.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Draws pictures of processor time and allocation into docs/pictures. The samples are taken by the
 * JDK's Flight Recorder in the programs as a user runs them.
 */
final class Pictures implements Measurement {

  private static final long LONGEST_SECONDS = 3_600;
  private static final int LIVE_SECONDS = 20;

  /** If every line matches, a smaller recording gives enough samples. */
  private static final long MOST_BYTES_OF_ALL = 1L << 30;

  private static final int OWN_FRAMES = 3;

  private static final String RECORDER =
      "-XX:FlightRecorderOptions:stackdepth=128 -XX:StartFlightRecording:settings=none"
          + ",+jdk.CPUTimeSample#enabled=true,+jdk.CPUTimeSample#stackTrace=true"
          + ",+jdk.CPUTimeSample#throttle=500/s"
          + ",+jdk.ObjectAllocationSample#enabled=true,+jdk.ObjectAllocationSample#stackTrace=true"
          + ",+jdk.ObjectAllocationSample#throttle=1000/s,filename=";

  @Override
  public String name() {
    return "pictures";
  }

  @Override
  public String summary() {
    return "flame graphs of time and allocation, to docs/pictures; some minutes";
  }

  @Override
  public Figures measure(Workplace workplace) throws IOException, InterruptedException {
    var figures = new Figures.Builder();
    Workplace smaller =
        new Workplace(
            workplace.root(),
            workplace.folder(),
            Math.min(MOST_BYTES_OF_ALL, workplace.recordingBytes()),
            workplace.recordingLines(),
            workplace.progress());
    replay(workplace, 0.01, "replay", "replay, 1 % of the lines matching", figures);
    replay(smaller, 1, "replay-all", "replay, every line matching", figures);
    draw(workplace, live(), "live", "live, from decoded events to findings and records", figures);
    return figures.build();
  }

  private void replay(
      Workplace workplace, double share, String picture, String what, Figures.Builder figures)
      throws IOException, InterruptedException {
    try (Recording recording = Recording.make(workplace, workplace.folder(name()), share)) {
      List<String> command =
          List.of("./kmodwatch", "replay", "-o", "json", recording.file().toString());
      draw(workplace, command, picture, what, figures);
    }
  }

  /** Returns the command with the options of {@code watch}. */
  private static List<String> live() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin/java").toString(),
        "@packaging/java/common",
        "@packaging/java/watch",
        "-cp",
        System.getProperty("java.class.path"),
        LivePath.class.getName(),
        Integer.toString(LIVE_SECONDS));
  }

  private void draw(
      Workplace workplace,
      List<String> command,
      String picture,
      String what,
      Figures.Builder figures)
      throws IOException, InterruptedException {
    Path folder = workplace.folder(name());
    Path out = folder.resolve("out.json");
    Path samples = folder.resolve(picture + ".jfr");
    var recorded = new ArrayList<>(List.of("env", "JAVA_TOOL_OPTIONS=" + RECORDER + samples));
    recorded.addAll(command);
    try {
      workplace.seconds(LONGEST_SECONDS, recorded, out);
      Path pictures = Files.createDirectories(workplace.root().resolve("docs/pictures"));
      StackTree cpu = StackTree.read(samples, StackTree.Kind.CPU);
      Files.writeString(
          pictures.resolve(picture + "-cpu.svg"), FlameGraph.draw("Time: " + what, cpu));
      StackTree allocation = StackTree.read(samples, StackTree.Kind.ALLOCATION);
      Files.writeString(
          pictures.resolve(picture + "-allocation.svg"),
          FlameGraph.draw("Allocation: " + what, allocation));
      figures
          .add(what + ": most time in", heaviest(cpu))
          .add(what + ": most bytes by", heaviest(allocation));
    } finally {
      Files.deleteIfExists(out);
      Files.deleteIfExists(samples);
    }
  }

  private static String heaviest(StackTree tree) {
    return tree.own().entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .limit(OWN_FRAMES)
        .map(
            own ->
                "`%s` %.0f %%"
                    .formatted(
                        own.getKey().replaceAll("^([a-z]\\w*\\.)*", ""),
                        100.0 * own.getValue() / Math.max(1, tree.weight())))
        .collect(Collectors.joining(", "));
  }
}
