package org.kmodwatch.bench;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Replays mixed recordings: in one run, and interrupted half way and resumed. Compares both
 * outputs, and measures the peak resident memory of each process, as the kernel counts it.
 *
 * <p>The lines mix the forms before and after 0.24 and that of an audit log. Of ten files, four are
 * plain, two gzip, two Zstandard, and two an audit log.
 */
final class Resume implements Measurement {

  private static final long LONGEST_SECONDS = 7_200;

  /** Java needs some time until its heap has its full size. */
  private static final double MOST_TIMES = 1.25;

  private static final double SHARE = 0.01;
  private static final int HALF_PERCENT = 40;
  private static final int INTERRUPTED = 69;
  private static final int BUFFER_BYTES = 1 << 20;
  private static final Pattern PERCENT = Pattern.compile("\"percent\" : (\\d+)");

  @Override
  public String name() {
    return "resume";
  }

  @Override
  public String summary() {
    return "replay of 10 million lines, interrupted and resumed; some minutes";
  }

  /** Holds the exit status of a process, its peak memory and its duration. */
  private record Ended(int status, double mib, double seconds) {}

  @Override
  public Figures measure(Workplace workplace) throws IOException, InterruptedException {
    Path folder = workplace.folder(name());
    long lines = workplace.recordingLines();
    var all = new ArrayList<Path>();
    try {
      List<Path> few = make(workplace, folder, "few", lines / 10, all);
      List<Path> many = make(workplace, folder, "many", lines, all);
      Path state = folder.resolve("replay.state");
      Files.deleteIfExists(state);
      Path once = added(folder.resolve("once.ndjson"), all);
      Path twice = added(folder.resolve("twice.ndjson"), all);
      workplace.say("in one go");
      Ended tenth = replay(workplace, few, null, once, 100);
      Files.write(once, new byte[0]);
      Ended whole = replay(workplace, many, null, once, 100);
      workplace.say("interrupted half way");
      Ended first = replay(workplace, many, state, twice, HALF_PERCENT);
      int percent = percent(state);
      workplace.say("interrupted at %d %%; going on".formatted(percent));
      Ended second = replay(workplace, many, state, twice, 100);
      boolean equal = sha256(once).equals(sha256(twice));
      var figures = new Figures.Builder();
      figures
          .add("lines", "%,d, of %,d bytes in four files".formatted(lines, bytes(many)))
          .add("findings", "%,d bytes".formatted(Files.size(once)));
      figures.add("peak memory over a tenth of the lines", "%.0f MiB".formatted(tenth.mib()));
      memory(figures, "peak memory over all", whole, tenth);
      memory(
          figures,
          "peak memory until it was interrupted, at %d %%".formatted(percent),
          first,
          tenth);
      memory(figures, "peak memory of the run that went on", second, tenth);
      return figures
          .add(
              "status of the interrupted run, and of the one that went on",
              "%d, %d".formatted(first.status(), second.status()),
              "%d, 0".formatted(INTERRUPTED),
              first.status() == INTERRUPTED && second.status() == 0)
          .add(
              "what both wrote as what one run writes, by SHA-256",
              equal ? "equal" : "they differ",
              "equal",
              equal)
          .add(
              "time in one go; of both runs",
              "%.1f s; %.1f s and %.1f s"
                  .formatted(whole.seconds(), first.seconds(), second.seconds()))
          .build();
    } finally {
      for (Path file : all) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static void memory(Figures.Builder figures, String what, Ended ended, Ended tenth) {
    figures.add(
        what,
        "%.0f MiB".formatted(ended.mib()),
        "at most %.2f times that".formatted(MOST_TIMES),
        ended.mib() <= MOST_TIMES * tenth.mib());
  }

  private static List<Path> make(
      Workplace workplace, Path folder, String name, long lines, List<Path> all)
      throws IOException {
    workplace.say("making recordings of %,d lines".formatted(lines));
    var generator = new RecordingGenerator(RecordingGenerator.SEED, SHARE);
    long fifth = lines / 5;
    Path plain = added(folder.resolve(name + "-1.ndjson"), all);
    Path gzip = added(folder.resolve(name + "-2.ndjson.gz"), all);
    Path zstd = added(folder.resolve(name + "-3.ndjson.zst"), all);
    try (OutputStream out = Files.newOutputStream(plain)) {
      generator.writeLines(out, lines - 3 * fifth);
    }
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(gzip), BUFFER_BYTES) {
          {
            def.setLevel(Deflater.BEST_SPEED);
          }
        }) {
      generator.writeLines(out, fifth);
    }
    try (OutputStream out =
        new ZstdOutputStream(new BufferedOutputStream(Files.newOutputStream(zstd), BUFFER_BYTES))) {
      generator.writeLines(out, fifth);
    }
    Path audit = added(folder.resolve(name + "-4.log"), all);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(audit), BUFFER_BYTES)) {
      AuditLines.write(out, fifth, SHARE);
    }
    return List.of(plain, gzip, zstd, audit);
  }

  private static Path added(Path file, List<Path> all) throws IOException {
    Files.deleteIfExists(file);
    all.add(file);
    return file;
  }

  /** Replays {@code files} and appends the output to {@code out}; interrupts at {@code percent}. */
  private static Ended replay(
      Workplace workplace, List<Path> files, @Nullable Path state, Path out, int percent)
      throws IOException, InterruptedException {
    Path peak = workplace.folder().resolve("resume-peak.txt");
    // GNU time: %M is ru_maxrss of wait4(2), in KiB.
    var command =
        new ArrayList<>(
            List.of("/usr/bin/time", "-q", "-f", "%M", "-o", peak.toString(), "./kmodwatch"));
    command.addAll(List.of("replay", "-o", "json"));
    if (state != null) {
      command.addAll(List.of("--resume", state.toString()));
    }
    files.forEach(file -> command.add(file.toString()));
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command)
            .directory(workplace.root().toFile())
            .redirectOutput(ProcessBuilder.Redirect.appendTo(out.toFile()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    process.getOutputStream().close();
    if (percent < 100 && state != null) {
      interrupt(process, state, percent);
    }
    if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new BenchException("not done after %d s: %s".formatted(LONGEST_SECONDS, command));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    double mib = Long.parseLong(Files.readString(peak).strip()) / 1024.0;
    Files.delete(peak);
    return new Ended(process.exitValue(), mib, seconds);
  }

  private static void interrupt(Process time, Path state, int percent)
      throws IOException, InterruptedException {
    while (percent(state) < percent) {
      if (time.waitFor(50, TimeUnit.MILLISECONDS)) {
        throw new BenchException("replay was over before it could be interrupted; more --lines");
      }
    }
    ProcessHandle replay = time.children().findFirst().orElseThrow();
    new ProcessBuilder("kill", "-INT", Long.toString(replay.pid())).inheritIO().start().waitFor();
  }

  private static int percent(Path state) throws IOException {
    try {
      Matcher matcher = PERCENT.matcher(Files.readString(state));
      return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    } catch (NoSuchFileException notYet) {
      return 0;
    }
  }

  private static long bytes(List<Path> files) throws IOException {
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    return bytes;
  }

  private static String sha256(Path file) throws IOException {
    try (var in =
        new DigestInputStream(
            Files.newInputStream(file, StandardOpenOption.READ),
            MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
