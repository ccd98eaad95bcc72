package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.shell.ExitStatus;
import picocli.CommandLine;

/**
 * The examples of {@code --help}: each is one that the command takes, and most are run by a shell.
 */
class ExamplesTest {

  private static final Path RECORDINGS = Path.of("src/test/resources/recordings");

  /** A comment stands after three spaces. */
  private static final Pattern COMMENT = Pattern.compile(" {3,}\\S.*$");

  private static final Pattern SPACES = Pattern.compile("\\s+");

  private static final Pattern CALL =
      Pattern.compile("(?<![\\w./-])kmodwatch ((?:'[^']*'|[^|>()'])*)");

  /** What no shell here can run, and why; the rest is run. */
  private static final Map<String, String> NOT_RUN =
      Map.of(
          "kmodwatch watch", "takes a kernel and the privilege to watch it; the lab runs it",
          "kmodwatch doctor", "says of each machine something else; ExaminationTest has it",
          "find /lib/modules", "takes a minute where there are modules, and there may be none",
          "kmodwatch history", "HistoryCommandTest has a history; the lab one of its own",
          "learn --history", "the same",
          "kafka://", "TopicReplayTest has a broker",
          "vmlinuz-", "takes a kernel that is not here; InspectCommandTest has certificates",
          "/etc/kmodwatch/", "would write to this machine",
          "completion", "CompletionCommandTest has a shell take it");

  @TempDir Path folder;

  @Test
  void everyCommand_hasExamples() {
    Map<String, List<String>> examples = examples();
    for (CommandLine command : all(commands()).toList()) {
      String name = command.getCommandSpec().qualifiedName();
      if (!name.equals("kmodwatch added")) {
        assertThat(examples.getOrDefault(name, List.of())).as(name).isNotEmpty();
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> example_isTakenByItsCommand() {
    return distinct()
        .map(
            example ->
                DynamicTest.dynamicTest(
                    example,
                    () -> {
                      List<List<String>> calls = calls(example);
                      assertThat(calls).isNotEmpty();
                      for (List<String> call : calls) {
                        CommandLine.ParseResult parsed =
                            commands().parseArgs(call.toArray(String[]::new));
                        assertThat(parsed.hasSubcommand()).isTrue();
                      }
                    }));
  }

  @TestFactory
  Stream<DynamicTest> example_runs() throws IOException {
    furnish();
    return distinct()
        .filter(example -> NOT_RUN.keySet().stream().noneMatch(example::contains))
        .map(example -> DynamicTest.dynamicTest(example, () -> run(example)));
  }

  @Test
  void reasonNotToRun_isOfAnExample() {
    assertThat(NOT_RUN.keySet())
        .allSatisfy(
            pattern -> assertThat(distinct().toList()).anyMatch(each -> each.contains(pattern)));
  }

  private void run(String example) throws Exception {
    var builder = new ProcessBuilder("bash", "-o", "pipefail", "-c", example);
    builder.directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().merge("PATH", folder + "/bin", (old, bin) -> bin + ":" + old);
    Process process = builder.start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // 1 and 65 are what --fail-on and --strict are for.
    assertThat(process.waitFor()).as(out).isIn(ExitStatus.OK, ExitStatus.FINDINGS);
    assertThat(out).doesNotContain("a fault of kmodwatch", "Exception");
    if (example.contains("init kmodwatch.yaml")) {
      Files.delete(folder.resolve("kmodwatch.yaml"));
    }
  }

  /** The files and programs that examples name. */
  private void furnish() throws IOException {
    byte[] recording = Files.readAllBytes(RECORDINGS.resolve("flat.ndjson"));
    for (String name : List.of("host1.ndjson", "nightly.ndjson", "week1.ndjson")) {
      Files.write(folder.resolve(name), recording);
    }
    for (String name : List.of("host2.ndjson.zst", "recording.ndjson.zst", "week1.ndjson.zst")) {
      var bytes = new ByteArrayOutputStream();
      try (OutputStream out = new ZstdOutputStream(bytes)) {
        out.write(recording);
      }
      Files.write(folder.resolve(name), bytes.toByteArray());
    }
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(folder.resolve("old.gz")))) {
      out.write(recording);
    }
    Files.writeString(
        folder.resolve("loads.ndjson"),
        new Cli().run("replay", "-o", "loads", RECORDINGS.resolve("flat.ndjson").toString()).out());
    Files.writeString(
        folder.resolve("policy.yaml"),
        """
        policy:
          - name: dummy
            owner: nobody@example.com
            reason: It is a test's.
            when: module.name == "dummy"
            verdict: expected
        """);
    Files.writeString(
        folder.resolve("kmodwatch.yaml"), "sinks:\n  siem:\n    type: file\n    path: /dev/null\n");
    Path module = Path.of("../image/src/test/resources/org/kmodwatch/image/seeds/signed");
    Files.copy(module, folder.resolve("driver.ko"));
    Files.copy(module, folder.resolve("suspicious.ko"));
    Files.createDirectory(folder.resolve("bin"));
    program("sudo", "exec \"$@\"");
    program("jq", "exec cat");
    program("logger", "exec cat");
    program(
        "kmodwatch",
        "exec '%s' -XX:TieredStopAtLevel=1 -cp '%s' org.kmodwatch.agent.Main \"$@\""
            .formatted(
                Path.of(System.getProperty("java.home"), "bin", "java"), absoluteClassPath()));
  }

  private void program(String name, String script) throws IOException {
    Path file =
        Files.writeString(folder.resolve("bin").resolve(name), "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private static String absoluteClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(":"))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(":"));
  }

  private Stream<String> distinct() {
    return examples().values().stream().flatMap(List::stream).distinct();
  }

  /** Examples by command, each on one line. */
  private static Map<String, List<String>> examples() {
    var examples = new TreeMap<String, List<String>>();
    for (CommandLine command : all(commands()).toList()) {
      String text = String.join("\n", command.getCommandSpec().usageMessage().footer());
      // A line that ends in a backslash or a bar goes on.
      for (String line :
          text.formatted()
              .replaceAll("\\\\\n\\s*", "")
              .replaceAll("\\|\n\\s*", "| ")
              .lines()
              .toList()) {
        if (line.startsWith("  ")) {
          examples
              .computeIfAbsent(command.getCommandSpec().qualifiedName(), n -> new ArrayList<>())
              .add(COMMENT.matcher(line.strip()).replaceFirst(""));
        }
      }
    }
    return examples;
  }

  /** The arguments of each call of kmodwatch in a line of shell. */
  private static List<List<String>> calls(String example) {
    var calls = new ArrayList<List<String>>();
    Matcher call = CALL.matcher(example);
    while (call.find()) {
      var arguments = new ArrayList<String>();
      for (String word : SPACES.split(call.group(1).strip(), -1)) {
        if (!Set.of("{}", "+").contains(word)) {
          arguments.add(word.equals("*") ? "x" : word.replace("'", ""));
        } else if (word.equals("{}")) {
          arguments.add("file");
        }
      }
      calls.add(arguments);
    }
    return calls;
  }

  private static Stream<CommandLine> all(CommandLine command) {
    return Stream.concat(
        Stream.of(command), command.getSubcommands().values().stream().flatMap(ExamplesTest::all));
  }

  private static CommandLine commands() {
    return new Main(new Cli().shell(new ByteArrayOutputStream())).everyCommand();
  }
}
