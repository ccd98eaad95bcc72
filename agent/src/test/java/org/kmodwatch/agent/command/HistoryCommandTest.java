package org.kmodwatch.agent.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;
import org.kmodwatch.core.testing.LoadRecordBuilder;
import org.kmodwatch.core.write.LoadWriter;
import org.kmodwatch.history.History;

class HistoryCommandTest {

  /** The records' own time is 2026-11-22T20:00:00.123456789Z. */
  private static final Instant NOW = Instant.parse("2026-11-22T22:00:00Z");

  private static final ModuleSignature SIGNED =
      new ModuleSignature(ModuleSignature.Status.VALID, "Debian Secure Boot CA", "ab", "sha256");

  private static final LoadRecord DUMMY =
      LoadRecordBuilder.load("dummy")
          .intree("ab".repeat(32), SIGNED)
          .from(
              "/lib/modules/6.1/kernel/dummy.ko",
              LoadRecord.Place.DISTRIBUTION,
              new PackageOwner("dpkg", "linux-image-6.1", "6.1", false))
          .findings("TRC-1017")
          .build();

  private static final LoadRecord EVIL =
      LoadRecordBuilder.load("evil")
          .from("/tmp/evil.ko", LoadRecord.Place.TEMPORARY, false)
          .refused()
          .build();

  @TempDir Path temporary;

  @SuppressWarnings("NullAway.Init")
  private Path folder;

  @BeforeEach
  void keep() throws Exception {
    folder = temporary.resolve("history");
    var writer = new LoadWriter();
    var notes = new ArrayList<String>();
    try (History history =
        History.of(
            folder,
            8 << 20,
            Duration.ofDays(3650),
            InstantSource.fixed(NOW),
            () -> 0,
            notes::add)) {
      history.add(List.of(writer.toBytes(DUMMY), writer.toBytes(EVIL)));
    }
    assertThat(notes).isEmpty();
  }

  private Cli.Result history(String... options) {
    return run(new Cli(), options);
  }

  private Cli.Result run(Cli cli, String... options) {
    var args = new ArrayList<String>(List.of("history", "--history", folder.toString()));
    args.addAll(Arrays.asList(options));
    return cli.run(args.toArray(String[]::new));
  }

  @Test
  void table_hasARowForEach() {
    Cli.Result result = run(new Cli().onTerminal(120).variable("NO_COLOR", "1"));

    assertThat(result.outLines())
        .hasSize(4)
        .anyMatch(
            line -> line.matches("20:00:00.123  load .*insmod\\[4242\\] uid 0 .*dummy .*loaded.*"))
        .anyMatch(line -> line.contains("/tmp/evil.ko") && line.contains("refused"));
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
  }

  @Test
  void records_comeAsTheyWere() {
    var writer = new LoadWriter();

    assertThat(history().out())
        .isEqualTo(
            new String(writer.toBytes(DUMMY), StandardCharsets.UTF_8)
                + new String(writer.toBytes(EVIL), StandardCharsets.UTF_8));
  }

  @Test
  void filters_areJoined_andSayIfNothingIsLeft() {
    assertThat(history("--name", "e*", "--outcome", "refused", "--place", "temporary").outLines())
        .singleElement()
        .asString()
        .contains("\"name\":\"evil\"");
    assertThat(
            history("--hash", "ABAB", "--signature", "valid", "--since", "2026-11-01").outLines())
        .hasSize(1);
    Cli.Result none = history("--name", "evil", "--signer", "*");
    assertThat(none.out()).isEmpty();
    assertThat(none.err()).isEqualTo("no record in %s is so%n".formatted(folder));
    assertThat(none.status()).isZero();
  }

  @Test
  void times_areDaysTimesOrHowLongAgo() {
    assertThat(history("--since", "2026-11-22", "--until", "2026-11-23").outLines()).hasSize(2);
    assertThat(history("--since", "2026-11-22T20:00:01").outLines()).isEmpty();
    assertThat(history("--until", "2026-11-22T20:00:01Z").outLines()).hasSize(2);
    assertThat(history("--until", "36500d").outLines()).isEmpty();
  }

  @Test
  void limit_leavesTheNewest_andSaysThatThereAreMore() {
    Cli.Result result = history("--limit", "1");

    assertThat(result.outLines()).hasSize(1);
    assertThat(result.err()).isEqualTo("the newest 1; there are more: --limit, or a filter\n");
    assertThat(history("--limit", "all").outLines()).hasSize(2);
  }

  @Test
  void otherFormats_areOfLoads() {
    assertThat(history("-o", "ecs").outLines())
        .hasSize(2)
        .allMatch(line -> line.contains("\"category\":[\"driver\"]"));
    assertThat(history("-o", "cef").outLines()).hasSize(2).allMatch(l -> l.startsWith("CEF:0|"));
    assertRefused(
        "a history has load records, for which there is no output format alerts (there are table,"
            + " loads, ecs, ocsf, cef, falco)",
        "-o",
        "alerts");
  }

  @Test
  void whatIsWrong_isToldWithWhatWasExpected() {
    assertRefused(
        "--outcome takes loaded, refused, failed, unloaded, unknown; did you mean loaded?: loadd",
        "--outcome",
        "loadd");
    assertRefused(
        "--since takes a time such as 2026-11-25, 2026-11-25T19:30, 2026-11-25T19:30:00Z, 2h or 7d:"
            + " yesterday",
        "--since",
        "yesterday");
    assertRefused("--hash takes up to 64 hexadecimal digits: xyz", "--hash", "xyz");
    assertRefused("--limit takes a number from 1 to 10000000, or all: 0", "--limit", "0");
  }

  private void assertRefused(String message, String... options) {
    Cli.Result result = history(options);
    assertThat(result.err()).isEqualTo("kmodwatch: " + message + "\n");
    assertThat(result.status()).isEqualTo(ExitStatus.USAGE);
  }

  @Test
  void whatIsNoFolder_isNamedAsSuch() throws Exception {
    Path pipe = temporary.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();

    Cli.Result result = new Cli().run("history", "--history", pipe.toString());

    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: %s is no folder, so there is no history in it; remedy: give the folder:"
                    .formatted(pipe)
                + " --history DIR\n");
    assertThat(result.status()).isEqualTo(ExitStatus.UNAVAILABLE);
  }

  @Test
  void withoutHistory_itSaysHowToHaveOne() throws Exception {
    Path nowhere = temporary.resolve("nowhere");
    Cli.Result result = new Cli().run("history", "--history", nowhere.toString());

    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: there is no history in %s; remedy: kmodwatch watch --history, or give the"
                    .formatted(nowhere)
                + " folder: --history DIR\n");
    assertThat(result.status()).isEqualTo(ExitStatus.UNAVAILABLE);
    assertThat(Files.exists(nowhere)).isFalse();
  }

  @Test
  void policy_isLearnedFromIt() {
    Cli.Result result = new Cli().run("policy", "learn", "--history", folder.toString());

    assertThat(result.status()).isZero();
    assertThat(result.out()).contains("Debian Secure Boot CA").doesNotContain("evil");
    assertThat(new Cli().run("policy", "learn").err())
        .isEqualTo(
            "kmodwatch: nothing to learn from: give a RECORDING, or --history; see kmodwatch policy"
                + " learn --help\n");
  }
}
