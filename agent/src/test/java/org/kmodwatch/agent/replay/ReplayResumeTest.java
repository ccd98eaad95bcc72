package org.kmodwatch.agent.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.Main;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Interruption;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.StandardOutput;
import picocli.CommandLine;

/** Tests {@code replay --resume}: two runs together write the output of one run. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReplayResumeTest {

  private static final Path RECORDINGS = Path.of("src/test/resources/recordings");

  @TempDir Path folder;

  private Path state;
  private List<String> inputs;

  /** Holds the output of a run. */
  private record Run(int status, String out, String err) {
    List<String> errLines() {
      return err.lines().toList();
    }
  }

  @BeforeEach
  void copyRecordings() throws IOException {
    state = folder.resolve("replay.state");
    inputs = new ArrayList<>();
    for (String name : List.of("flat.ndjson", "bad.ndjson", "protobuf.ndjson")) {
      inputs.add(Files.copy(RECORDINGS.resolve(name), folder.resolve(name)).toString());
    }
    // A compressed copy of the first recording.
    Path gzip = folder.resolve("flat.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
      Files.copy(RECORDINGS.resolve("flat.ndjson"), out);
    }
    inputs.add(gzip.toString());
  }

  @ParameterizedTest
  @CsvSource({"loads, 1", "json, 7", "events, 7", "table, 7", "alerts, 7", "ecs, 7"})
  void twoRuns_writeWhatOneRunWrites_whereverTheFirstIsInterrupted(String format, int step) {
    Run whole = replay(Integer.MAX_VALUE, "-o", format);
    int interruptions = 0;
    for (int asked = 0; ; asked += step) {
      Run first = replay(asked, "-o", format, "--resume", state.toString());
      if (first.status() == ExitStatus.OK) {
        assertThat(first.out()).isEqualTo(whole.out());
        break;
      }
      interruptions++;
      assertThat(first.status()).isEqualTo(ExitStatus.UNAVAILABLE);
      assertThat(state).exists();
      Run second = replay(Integer.MAX_VALUE, "-o", format, "--resume", state.toString());
      assertThat(first.out() + second.out()).as("interrupted at %d", asked).isEqualTo(whole.out());
      assertThat(second.status()).isZero();
      assertThat(told(first, second)).as("interrupted at %d", asked).isEqualTo(whole.errLines());
      assertThat(state).doesNotExist();
    }
    // 18 events, 2 bad lines and 4 blocks cause an interruption each.
    assertThat(interruptions).isGreaterThanOrEqualTo(24 / step);
  }

  @Test
  void manyInterruptions_alsoOfRunsThatCatchUp_loseNothing() {
    Run whole = replay(Integer.MAX_VALUE, "-o", "loads");
    var out = new StringBuilder();
    for (int asked = 1; ; asked += 5) {
      Run next = replay(asked, "-o", "loads", "--resume", state.toString());
      out.append(next.out());
      if (next.status() == ExitStatus.OK) {
        break;
      }
    }
    assertThat(out).hasToString(whole.out());
  }

  @Test
  void interruption_saysHowFarItWas_andHowToGoOn() throws IOException {
    Run first = replay(12, "--resume", state.toString());
    assertThat(first.errLines().getLast())
        .matches(
            "kmodwatch: interrupted at \\d+ %; go on with the same command, adding to its output:"
                + " --resume .*replay\\.state");
    assertThat(Files.readString(state)).contains("\"schema\" : \"kmodwatch.replay/1\"");
    Run second = replay(Integer.MAX_VALUE, "--resume", state.toString());
    assertThat(second.errLines().getFirst())
        .matches(
            "kmodwatch: going on at \\d+ %; what comes before is read again, and not told again");
  }

  @Test
  void interruption_withoutResume_leavesWholeLines_andStatus69() {
    Run whole = replay(Integer.MAX_VALUE, "-o", "json");
    Run cut = replay(5, "-o", "json");
    assertThat(cut.status()).isEqualTo(ExitStatus.UNAVAILABLE);
    assertThat(whole.out()).startsWith(cut.out());
    assertThat(cut.out()).isNotEmpty().endsWith("\n");
    assertThat(cut.errLines().getLast())
        .matches(
            "kmodwatch: interrupted at \\d+ %; what is written is whole, the rest was not read;"
                + " --resume FILE could go on there");
  }

  @Test
  void inputThatGrew_isNamed_andNothingIsWritten() throws IOException {
    replay(8, "--resume", state.toString());
    long before = Files.size(Path.of(inputs.get(0)));
    Files.writeString(Path.of(inputs.get(0)), "\n", java.nio.file.StandardOpenOption.APPEND);
    Run second = replay(Integer.MAX_VALUE, "--resume", state.toString());
    assertThat(second.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(second.out()).isEmpty();
    assertThat(second.err())
        .isEqualTo(
            "kmodwatch: --resume %s is of another replay: %s has changed: it had %d bytes and has %d; "
                    .formatted(state, inputs.get(0), before, before + 1)
                + "give what it was begun with, or begin anew: remove %s, and what that replay has"
                    .formatted(state)
                + " written\n");
    assertThat(state).exists();
  }

  @Test
  void inputThatWasWrittenTo_isNamed() throws IOException {
    Path input = Path.of(inputs.get(1));
    replay(8, "--resume", state.toString());
    Files.setLastModifiedTime(input, FileTime.fromMillis(1_000_000_000_000L));
    assertThat(replay(Integer.MAX_VALUE, "--resume", state.toString()).err())
        .contains(input + " has changed: it was written to at 2001-09-09T01:46:40Z, before at ");
  }

  @Test
  void inputThatBeginsOtherwise_isNamed() throws IOException {
    Path input = Path.of(inputs.get(2));
    replay(8, "--resume", state.toString());
    byte[] bytes = Files.readAllBytes(input);
    bytes[5] ^= 1;
    Files.write(input, bytes);
    assertThat(replay(Integer.MAX_VALUE, "--resume", state.toString()).err())
        .contains(input + " has changed: it begins with something else; ");
  }

  @Test
  void anotherSetOfInputs_isRefused() {
    replay(8, "--resume", state.toString());
    inputs.removeFirst();
    assertThat(replay(Integer.MAX_VALUE, "--resume", state.toString()).err())
        .contains(": the inputs were " + folder.resolve("flat.ndjson") + ", ")
        .contains(" and are " + folder.resolve("bad.ndjson") + ", ");
  }

  @Test
  void otherOptions_areRefused_byName() {
    replay(8, "--resume", state.toString());
    assertThat(replay(Integer.MAX_VALUE, "--resume", state.toString(), "-o", "loads").err())
        .contains(" is of another replay: -o was json and is loads; ");
    assertThat(replay(Integer.MAX_VALUE, "--resume", state.toString(), "--strict").err())
        .contains(" is of another replay: --strict was not given and is given; ");
    assertThat(
            replay(Integer.MAX_VALUE, "--resume", state.toString(), "--repeat-window", "5s").err())
        .contains(" is of another replay: --repeat-window was not given and is 5s; ");
  }

  @Test
  void whatIsNoFile_isRefused_andNotWaitedFor() throws Exception {
    Path pipe = pipe();
    for (Path place : List.of(pipe, folder, Path.of("/dev/zero"))) {
      Run run = replay(Integer.MAX_VALUE, "--resume", place.toString());

      assertThat(run.err())
          .isEqualTo(
              "kmodwatch: --resume %s is not a regular file, and is left as it is; give the name of a"
                      .formatted(place)
                  + " new file\n");
      assertThat(run.status()).isEqualTo(ExitStatus.USAGE);
    }
    assertThat(pipe).exists();
  }

  @Test
  void largeFile_isLeftAsItIs_unread() throws IOException {
    try (var file = new RandomAccessFile(state.toFile(), "rw")) {
      file.setLength(1L << 33);
    }

    Run run = replay(Integer.MAX_VALUE, "--resume", state.toString());

    assertThat(run.err())
        .isEqualTo(
            "kmodwatch: --resume %s is no file of an interrupted replay, and is left as it is: it is"
                    .formatted(state)
                + " larger than 16 MiB; give the name of a new file\n");
    assertThat(run.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(state).hasSize(1L << 33);
  }

  @Test
  void policyThatIsAPipe_isNotWaitedFor() throws Exception {
    Path pipe = pipe();

    Cli.Result result = new Cli().run("replay", "--policy", pipe.toString(), inputs.get(0));

    assertThat(result.err())
        .isEqualTo("kmodwatch: %s: not a regular file, give the name of one\n".formatted(pipe));
    assertThat(result.status()).isEqualTo(ExitStatus.USAGE);
  }

  @Test
  void fileThatCannotBeReadAgain_hasNoDigest() {
    assertThatThrownBy(() -> FileDigest.of(Path.of("/dev/null")))
        .isInstanceOf(CommandException.class)
        .hasMessage("/dev/null cannot be read again, as --resume has to; give a regular file");
  }

  private Path pipe() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    return pipe;
  }

  @Test
  void pipeThatNobodyWritesTo_canBeInterrupted() throws Exception {
    inputs.clear();
    inputs.add(pipe().toString());

    Run run = replay(3);

    assertThat(run.err()).startsWith("kmodwatch: interrupted after 0 events; ");
    assertThat(run.status()).isEqualTo(ExitStatus.UNAVAILABLE);
  }

  @Test
  void pipeThatSomebodyWritesTo_isRead() throws Exception {
    Path pipe = pipe();
    String recording = inputs.get(0);
    inputs.clear();
    inputs.add(recording);
    Run whole = replay(Integer.MAX_VALUE, "-o", "loads");
    Process writer =
        new ProcessBuilder("sh", "-c", "cat \"$0\" > \"$1\"", recording, pipe.toString()).start();
    inputs.clear();
    inputs.add(pipe.toString());

    Run run = replay(Integer.MAX_VALUE, "-o", "loads");

    assertThat(writer.waitFor()).isZero();
    assertThat(run.status()).isZero();
    assertThat(run.out()).isNotEmpty().isEqualTo(whole.out());
  }

  @Test
  void linksInACircle_areNamedAsSuch() throws IOException {
    Path loop = folder.resolve("loop1");
    Files.createSymbolicLink(loop, Files.createSymbolicLink(folder.resolve("loop2"), loop));
    inputs.clear();
    inputs.add(loop.toString());

    Run run = replay(Integer.MAX_VALUE);

    assertThat(run.errLines())
        .contains(
            "kmodwatch: cannot read %s: its symbolic links lead around in a circle"
                .formatted(loop));
    assertThat(run.status()).isEqualTo(ExitStatus.UNAVAILABLE);
  }

  @Test
  void somethingElseInTheFile_isLeftAsItIs() throws IOException {
    Files.writeString(state, "{\"eventName\":\"init_module\"}\n");
    Run run = replay(Integer.MAX_VALUE, "--resume", state.toString());
    assertThat(run.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(run.err())
        .isEqualTo(
            ("kmodwatch: --resume %s is no file of an interrupted replay, and is left as it is: it"
                    + " has no schema; give the name of a new file\n")
                .formatted(state));
    assertThat(Files.readString(state)).isEqualTo("{\"eventName\":\"init_module\"}\n");
  }

  @Test
  void standardInput_cannotBeResumed() {
    inputs = List.of("-");
    Run run = replay(Integer.MAX_VALUE, "--resume", state.toString());
    assertThat(run.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(run.err())
        .isEqualTo(
            "kmodwatch: standard input cannot be read again, as --resume has to; give the recording"
                + " as a file\n");
    assertThat(state).doesNotExist();
  }

  @Test
  void placeThatCannotBeWrittenTo_isSaidAtTheStart() {
    Run run = replay(Integer.MAX_VALUE, "--resume", folder.resolve("no/such").toString());
    assertThat(run.status()).isEqualTo(ExitStatus.UNAVAILABLE);
    assertThat(run.err()).contains("cannot write --resume ", "give a file in a folder that can be");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void outputThatDiffers_isNotGoneOnWith() throws IOException {
    replay(12, "--resume", state.toString());
    Files.writeString(
        state,
        Files.readString(state)
            .replaceFirst("\"outputChecksum\" : \\d+", "\"outputChecksum\" : 1"));
    Run second = replay(Integer.MAX_VALUE, "--resume", state.toString());
    assertThat(second.status()).isEqualTo(ExitStatus.UNAVAILABLE);
    assertThat(second.out()).isEmpty();
    assertThat(second.err())
        .contains("the same recordings give something else than they gave; nothing was written; ");
  }

  @Test
  void killedProcess_repeatsAtMostWhatCameAfterItsLastCheckpoint() throws Exception {
    Path recording = folder.resolve("long.ndjson");
    try (var lines = Files.newBufferedWriter(recording)) {
      for (int i = 0; i < 20_000; i++) {
        lines.write(
            ("{\"timestamp\":%d,\"hostProcessId\":%d,\"hostThreadId\":%d,\"processName\":\"m\","
                    + "\"eventName\":\"init_module\",\"args\":[]}%n")
                .formatted(1_700_000_000_000_000_000L + i * 1_000_000L, i, i));
      }
    }
    inputs = List.of(recording.toString());
    String whole = replay(Integer.MAX_VALUE, "-o", "json").out();
    Path out = folder.resolve("out.ndjson");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Stuck.class.getName(),
                "-o",
                "json",
                "--resume",
                state.toString(),
                recording.toString())
            .redirectOutput(out.toFile())
            .start();
    try (var err =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      assertThat(err.readLine()).isEqualTo("stuck");
      assertThat(process.toHandle().destroyForcibly()).isTrue();
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    String before = Files.readString(out);
    assertThat(before).isNotEmpty().hasSizeLessThan(whole.length());
    assertThat(whole).startsWith(before);

    Run second = replay(Integer.MAX_VALUE, "-o", "json", "--resume", state.toString());

    assertThat(second.status()).isZero();
    assertThat(whole).endsWith(second.out());
    int twice = before.length() + second.out().length() - whole.length();
    assertThat(twice).isGreaterThanOrEqualTo(0);
    // Two checkpoints are one block of 256 KiB apart, about 2,000 lines.
    assertThat(whole.substring(before.length() - twice, before.length()).lines().count())
        .isLessThan(5_000);
    assertThat(second.out().length()).isLessThan(whole.length());
  }

  @Test
  void terminationSignal_endsCleanly_whileStandardInputIsSilent() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "replay",
                "-o",
                "json",
                "-")
            .start();
    process.getOutputStream().write(Files.readAllBytes(RECORDINGS.resolve("flat.ndjson")));
    process.getOutputStream().flush();
    try (BufferedReader out = process.inputReader();
        BufferedReader err = process.errorReader()) {
      assertThat(out.readLine()).startsWith("{\"Data\":null");
      assertThat(process.toHandle().destroy()).isTrue();
      assertThat(err.readLine())
          .isEqualTo(
              "kmodwatch: interrupted after 7 events; what is written is whole, the rest was not"
                  + " read");
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(ExitStatus.UNAVAILABLE);
  }

  /** Runs a {@code replay} that hangs half way, with a checkpoint after each block. */
  static final class Stuck {
    private Stuck() {}

    public static void main(String[] args) {
      Shell shell = Shell.ofProcess();
      var asked = new int[1];
      Interruption stuck =
          () -> {
            if (++asked[0] == 12_345) {
              shell.note("stuck");
              java.util.concurrent.locks.LockSupport.parkNanos(Duration.ofDays(1).toNanos());
            }
            return false;
          };
      var surroundings = new ReplayRun.Surroundings(System::nanoTime, Duration.ZERO, () -> stuck);
      System.exit(new CommandLine(new ReplayCommand(shell, surroundings)).execute(args));
    }
  }

  /** Runs a replay that is interrupted at its check number {@code asked}. */
  private Run replay(int asked, String... options) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var left = new int[] {asked};
    var shell =
        new Shell(
            new java.io.ByteArrayInputStream(new byte[0]),
            new StandardOutput(out, false),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            java.util.Map.of(),
            java.time.ZoneId.of("UTC"),
            Path.of("/nonexistent"));
    var surroundings =
        new ReplayRun.Surroundings(
            System::nanoTime, Duration.ofDays(1), () -> () -> left[0] == 0 || --left[0] == 0);
    var line = new CommandLine(new ReplayCommand(shell, surroundings));
    line.setExecutionExceptionHandler(
        (e, command, result) -> {
          shell.complain(String.valueOf(e.getMessage()));
          return e instanceof CommandException failure ? failure.exitStatus() : ExitStatus.INTERNAL;
        });
    var arguments = new ArrayList<>(Arrays.asList(options));
    arguments.addAll(inputs);
    int status = line.execute(arguments.toArray(String[]::new));
    return new Run(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Returns the messages of both runs about the input, without those about the runs. */
  private static List<String> told(Run first, Run second) {
    var told = new ArrayList<String>();
    for (Run run : List.of(first, second)) {
      run.errLines().stream().filter(line -> !line.startsWith("kmodwatch: ")).forEach(told::add);
    }
    return told;
  }
}
