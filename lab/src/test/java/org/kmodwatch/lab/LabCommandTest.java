package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.shell.CommandException;
import picocli.CommandLine;

class LabCommandTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void kernels_listsThoseOfDebian() {
    assertThat(run("kernels")).isZero();
    assertThat(out.toString().lines().map(line -> line.substring(0, line.indexOf(' '))))
        .containsExactly("NAME", "6.1-generic", "6.1-rt", "6.1", "6.12-generic", "6.12-rt", "6.12");
  }

  @Test
  void run_endsWith64AndTheList_whenKernelIsUnknown() {
    assertThat(run("run", "--kernel", "7.0", "/dev/null")).isEqualTo(64);
    assertThat(err.toString())
        .isEqualTo(
            "no kernel \"7.0\"; there are: 6.1-generic, 6.1-rt, 6.1, 6.12-generic, 6.12-rt,"
                + " 6.12\n");
  }

  @Test
  void run_endsWith64_whenScriptIsMissing() {
    assertThat(run("run", "/nowhere/script.sh")).isEqualTo(64);
    assertThat(err.toString()).startsWith("cannot read the script /nowhere/script.sh");
  }

  @Test
  void run_endsWith64_whenTimeLimitIsNotPositive() {
    assertThat(run("run", "--timeout", "0", "/dev/null")).isEqualTo(64);
  }

  @Test
  void run_endsWith64_whenAcceleratorIsUnknown() {
    assertThat(run("run", "--accel", "xen", "/dev/null")).isEqualTo(64);
    assertThat(err.toString()).contains("\"xen\" is none of tcg, mttcg, kvm");
  }

  @Test
  void examples_areTakenByTheirCommands() {
    var lab = new CommandLine(new LabCommand());
    List<String> calls =
        Stream.concat(Stream.of(lab), lab.getSubcommands().values().stream())
            .flatMap(command -> Stream.of(command.getCommandSpec().usageMessage().footer()))
            .filter(line -> line.contains("kmodwatch lab "))
            .map(line -> line.substring(line.indexOf("kmodwatch lab ") + 14))
            .toList();
    assertThat(calls).hasSize(6);
    for (String call : calls) {
      assertThat(lab.parseArgs(call.split(" ", -1)).hasSubcommand()).as(call).isTrue();
    }
  }

  @Test
  void completion_hasTheLabToo() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.kmodwatch.agent.Main",
                "completion",
                "bash")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String script = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(script)
        .contains(
            "function _picocli_kmodwatch_lab_run()",
            "'--append'",
            "function _picocli_kmodwatch_lab_kernels()");
  }

  private int run(String... args) {
    var line = new CommandLine(new LabCommand());
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    line.setParameterExceptionHandler(
        (e, unparsed) -> {
          err.write(e.getMessage() + "\n");
          return 64;
        });
    line.setExecutionExceptionHandler(
        (e, commandLine, result) -> {
          err.write(e.getMessage() + "\n");
          return e instanceof CommandException command ? command.exitStatus() : 1;
        });
    return line.execute(args);
  }
}
