package org.kmodwatch.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Measures the peak resident memory of {@code replay}, as the kernel counts it. */
final class ReplayMemory implements Measurement {

  private static final long LONGEST_SECONDS = 7_200;
  private static final int TARGET_MIB = 128;

  @Override
  public String name() {
    return "replay-memory";
  }

  @Override
  public String summary() {
    return "peak resident memory of replay over 5 GiB; some minutes";
  }

  @Override
  public Figures measure(Workplace workplace) throws IOException, InterruptedException {
    var figures = new Figures.Builder();
    add(figures, workplace, 0.01, "1 % of the lines matching");
    add(figures, workplace, 1, "every line matching");
    return figures.build();
  }

  private void add(Figures.Builder figures, Workplace workplace, double share, String what)
      throws IOException, InterruptedException {
    Path folder = workplace.folder(name());
    Path peak = folder.resolve("peak.txt");
    try (Recording recording = Recording.make(workplace, folder, share)) {
      // GNU time: %M is ru_maxrss of wait4(2), in KiB.
      List<String> command =
          List.of(
              "/usr/bin/time",
              "-f",
              "%M",
              "-o",
              peak.toString(),
              "./kmodwatch",
              "replay",
              "-o",
              "json",
              recording.file().toString());
      workplace.seconds(LONGEST_SECONDS, command, Path.of("/dev/null"));
      double mib = Long.parseLong(Files.readString(peak).strip()) / 1024.0;
      figures.add(
          what,
          "%.0f MiB".formatted(mib),
          "at most %d MiB".formatted(TARGET_MIB),
          mib <= TARGET_MIB);
    } finally {
      Files.deleteIfExists(peak);
    }
  }
}
