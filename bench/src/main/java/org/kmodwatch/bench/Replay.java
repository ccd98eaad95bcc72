package org.kmodwatch.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Compares {@code replay} over a recording with {@code wc -l} and {@code jq}: whole processes,
 * started as a user would, in turn. The findings are compared with those of a parse of every line.
 */
final class Replay implements Measurement {

  private static final long LONGEST_SECONDS = 7_200;

  /** The output is discarded: 14 GB of findings on a disk would measure the disk. */
  private static final Path NOWHERE = Path.of("/dev/null");

  private final String name;
  private final double share;
  private final int turns;
  private final int jqTurns;

  /** Limits the time relative to {@code wc -l}; 0 for no target. */
  private final double atMostTimesWc;

  private final double timesFasterThanJq;

  private Replay(
      String name,
      double share,
      int turns,
      int jqTurns,
      double atMostTimesWc,
      double timesFasterThanJq) {
    this.name = name;
    this.share = share;
    this.turns = turns;
    this.jqTurns = jqTurns;
    this.atMostTimesWc = atMostTimesWc;
    this.timesFasterThanJq = timesFasterThanJq;
  }

  /** Returns the measurement of a recording with a finding in one of a hundred lines. */
  static Replay mixed() {
    return new Replay("replay", 0.01, 5, 2, 3, 40);
  }

  /** Returns the measurement of a recording with a finding in every line. */
  static Replay all() {
    return new Replay("replay-all", 1, 2, 1, 0, 8);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String summary() {
    return "replay of 5 GiB, %.0f %% of the lines matching, beside wc and jq; some minutes"
        .formatted(100 * share);
  }

  @Override
  public Figures measure(Workplace workplace) throws IOException, InterruptedException {
    Path folder = workplace.folder(name);
    try (Recording recording = Recording.make(workplace, folder, share)) {
      String file = recording.file().toString();
      List<String> wc = List.of("wc", "-l", file);
      List<String> jq = List.of("jq", "-c", "select(.eventName==\"init_module\")", file);
      List<String> replay = List.of("./kmodwatch", "replay", "-o", "json", file);
      List<String> strict = List.of("./kmodwatch", "replay", "--strict", "-o", "json", file);
      recording.warm();
      var wcSeconds = new ArrayList<Double>();
      var jqSeconds = new ArrayList<Double>();
      var seconds = new ArrayList<Double>();
      var ratios = new ArrayList<Double>();
      for (int turn = 0; turn < turns; turn++) {
        wcSeconds.add(workplace.seconds(LONGEST_SECONDS, wc, NOWHERE));
        seconds.add(workplace.seconds(LONGEST_SECONDS, replay, NOWHERE));
        ratios.add(seconds.getLast() / wcSeconds.getLast());
        workplace.say(
            "turn %d: wc %.2f s, replay %.2f s"
                .formatted(turn + 1, wcSeconds.getLast(), seconds.getLast()));
        if (turn < jqTurns) {
          jqSeconds.add(workplace.seconds(LONGEST_SECONDS, jq, NOWHERE));
          workplace.say("turn %d: jq %.2f s".formatted(turn + 1, jqSeconds.getLast()));
        }
      }
      double strictSeconds = workplace.seconds(LONGEST_SECONDS, strict, NOWHERE);
      workplace.say("comparing with a parse of every line");
      long jqLines = workplace.read(jq, Replay::lines);
      Found found = workplace.read(replay, Found::in);
      Found full = workplace.read(strict, Found::in);
      var figures = new Figures.Builder();
      figures
          .add(
              "recording",
              "%,d lines, %,d bytes"
                  .formatted(recording.account().lines(), recording.account().bytes()))
          .add("`wc -l`", "%.2f s".formatted(median(wcSeconds)))
          .add(
              "`jq -c 'select(.eventName==\"init_module\")'`",
              "%.1f s".formatted(median(jqSeconds)))
          .add(
              "`replay --strict -o json`, which parses every line",
              "%.1f s".formatted(strictSeconds))
          .add("`replay -o json`", "%.2f s".formatted(median(seconds)));
      addRatios(figures, median(ratios), median(jqSeconds) / median(seconds));
      addFindings(
          figures, found, recording.account(), jqLines, found.sha256().equals(full.sha256()));
      return figures.build();
    }
  }

  private void addRatios(Figures.Builder figures, double toWc, double toJq) {
    String times = "%.1f times".formatted(toWc);
    if (atMostTimesWc > 0) {
      figures.add(
          "time of `replay` to that of `wc -l`, median of the turns",
          times,
          "at most %.0f times".formatted(atMostTimesWc),
          toWc <= atMostTimesWc);
    } else {
      figures.add("time of `replay` to that of `wc -l`, median of the turns", times);
    }
    figures.add(
        "`replay` is faster than `jq`",
        "%.1f times".formatted(toJq),
        "at least %.0f times".formatted(timesFasterThanJq),
        toJq >= timesFasterThanJq);
  }

  private static void addFindings(
      Figures.Builder figures,
      Found found,
      RecordingGenerator.Account account,
      long jqLines,
      boolean equal) {
    figures
        .add(
            "findings as of `--strict`, by SHA-256",
            equal ? "equal" : "they differ",
            "equal",
            equal)
        .add(
            "TRC-1017",
            "%,d findings".formatted(found.findings()),
            "%,d, as many as were put in".formatted(account.matches()),
            found.findings() == account.matches())
        .add(
            "of those, on `init_module`",
            "%,d".formatted(found.initModules()),
            "%,d of `jq` and %,d in the form that it was not asked for"
                .formatted(jqLines, account.protobufInitModules()),
            found.initModules() == jqLines + account.protobufInitModules());
  }

  /**
   * Holds the findings of a run.
   *
   * @param sha256 the SHA-256 of all findings, in hexadecimal
   * @param findings the number of findings by TRC-1017
   * @param initModules the number of TRC-1017 findings on {@code init_module}
   */
  private record Found(String sha256, long findings, long initModules) {

    static Found in(InputStream out) throws IOException {
      var hashed = new DigestInputStream(out, newDigest());
      long findings = 0;
      long initModules = 0;
      // The search is for ASCII text, so this fast decoder is enough.
      var lines = new BufferedReader(new InputStreamReader(hashed, ISO_8859_1));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.contains("\"SigMetadata\":{\"ID\":\"TRC-1017\"")) {
          findings++;
          initModules += line.contains("\"Selector\":{\"Name\":\"init_module\"") ? 1 : 0;
        }
      }
      return new Found(
          HexFormat.of().formatHex(hashed.getMessageDigest().digest()), findings, initModules);
    }

    private static MessageDigest newDigest() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  private static long lines(InputStream out) {
    return new BufferedReader(new InputStreamReader(out, ISO_8859_1)).lines().count();
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
