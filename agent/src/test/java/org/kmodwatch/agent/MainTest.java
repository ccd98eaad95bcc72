package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

public final class MainTest {

  @Test
  void version_saysNameAndVersion() {
    Cli.Result result = new Cli().run("--version");
    assertThat(result.status()).isZero();
    assertThat(result.out()).matches("kmodwatch \\d+\\.\\d+\\.\\d+\\S*\\n");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void version_isTheSame_withDebug() {
    assertThat(new Cli().run("--debug", "--version").out()).isEqualTo(new Cli().run("-V").out());
  }

  @Test
  void help_listsCommandsExamplesAndExitStatus() {
    Cli.Result result = new Cli().run("--help");
    assertThat(result.status()).isZero();
    assertThat(result.out())
        .contains("Usage: kmodwatch [-hV] [--debug] COMMAND")
        .contains("watch", "replay", "doctor", "signatures")
        .contains("Examples:", "  kmodwatch doctor  ")
        .contains("69   what is needed is not there: a kernel feature, a privilege, a program");
  }

  @Test
  void help_isThere_forEachCommand() {
    for (String command : List.of("watch", "replay", "inspect", "doctor", "signatures")) {
      Cli.Result result = new Cli().run(command, "--help");
      assertThat(result.status()).isZero();
      assertThat(result.out()).contains("Usage: kmodwatch " + command, "Examples:");
    }
  }

  @Test
  void providers_addSubcommands() {
    assertThat(new Cli().run("--help").out()).contains("  added  ");
    assertThat(new Cli().run("added").status()).isEqualTo(7);
  }

  @Test
  void noCommand_isWrongUsage() {
    Cli.Result result = new Cli().run();
    assertThat(result.status()).isEqualTo(64);
    assertThat(result.err()).isEqualTo("kmodwatch: no command given; see kmodwatch --help\n");
  }

  @Test
  void unknownCommand_isNamed_withTheLikelyOne() {
    Cli.Result result = new Cli().run("wach");
    assertThat(result.status()).isEqualTo(64);
    assertThat(result.err())
        .isEqualTo("kmodwatch: no such command: wach; did you mean watch? see kmodwatch --help\n");
  }

  @Test
  void unknownOption_isNamed() {
    Cli.Result result = new Cli().run("replay", "--frobnicate", "x");
    assertThat(result.status()).isEqualTo(64);
    assertThat(result.err())
        .isEqualTo("kmodwatch: no such option: --frobnicate; see kmodwatch replay --help\n");
  }

  @Test
  void misspeltOption_isNamed_withTheLikelyOne() {
    assertThat(new Cli().run("replay", "--stric", "x").err())
        .isEqualTo(
            "kmodwatch: no such option: --stric; did you mean --strict? see kmodwatch replay"
                + " --help\n");
    assertThat(new Cli().run("watch", "--weebhook=https://x").err())
        .isEqualTo(
            "kmodwatch: no such option: --weebhook=https://x; did you mean --webhook? see kmodwatch"
                + " watch --help\n");
  }

  @Test
  void misspeltCommandOfACommand_isNamed_withTheLikelyOne() {
    Cli.Result result = new Cli().run("policy", "chek", "x");
    assertThat(result.status()).isEqualTo(64);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: no such command: chek; did you mean check? see kmodwatch policy --help\n");
  }

  @Test
  void wordTooMany_isNamed() {
    assertThat(new Cli().run("doctor", "now").err())
        .isEqualTo("kmodwatch: one word too many: now; see kmodwatch doctor --help\n");
  }

  @Test
  void control_charactersOfArguments_areEscaped() {
    assertThat(new Cli().run("\u001b[31mx\nkmodwatch: all is well").errLines()).hasSize(1);
  }

  @Test
  void commandException_showsNoTrace_withoutDebug() {
    assertThat(new Cli().run("added", "fail").errLines())
        .containsExactly("kmodwatch: it failed, do this");
    assertThat(new Cli().run("added", "fail").status()).isEqualTo(69);
  }

  @Test
  void commandException_showsTrace_withDebug() {
    assertThat(new Cli().run("added", "--debug", "fail").errLines())
        .startsWith("kmodwatch: it failed, do this")
        .anyMatch(line -> line.contains("AddedCommand"));
  }

  @Test
  void unexpectedException_isOurFault() {
    Cli.Result result = new Cli().run("added", "crash");
    assertThat(result.status()).isEqualTo(70);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: java.lang.IllegalStateException: oops (a fault of kmodwatch; --debug shows"
                + " where)\n");
  }

  @Test
  void everyCommand_endsWith70_whenMemoryRunsOut() {
    Cli.Result result = new Cli().run("added", "memory");

    assertThat(result.status()).isEqualTo(70);
    assertThat(result.errLines())
        .singleElement()
        .asString()
        .matches(
            "kmodwatch: out of memory, Java's heap of [0-9]+ MiB is full; more by the environment:"
                + " _JAVA_OPTIONS=-Xmx[0-9]+m");
  }

  @Test
  void everyCommand_endsWith70_atAnErrorOfTheVirtualMachine() {
    Cli.Result result = new Cli().run("added", "error");

    assertThat(result.status()).isEqualTo(70);
    assertThat(result.errLines())
        .containsExactly(
            "kmodwatch: java.lang.StackOverflowError (a fault of kmodwatch; --debug shows where)");
  }

  @Test
  void closedPipe_endsQuietly() {
    Cli.Result result = new Cli().writingTo(failing("Broken pipe")).run("signatures");
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
  }

  @Test
  void fullDisk_isAnErrorThatNamesIt() {
    Cli.Result result = new Cli().writingTo(failing("No space left on device")).run("signatures");
    assertThat(result.err())
        .isEqualTo("kmodwatch: cannot write to standard output: No space left on device\n");
    assertThat(result.status()).isEqualTo(70);
  }

  public static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(message);
      }
    };
  }

  @Test
  void textThatNobodyTakes_isAFailure() throws IOException {
    for (String[] args :
        new String[][] {
          {"--help"}, {"replay", "--help"}, {"--version"}, {"--debug", "--version"}
        }) {
      try (OutputStream full = new FileOutputStream("/dev/full")) {
        Cli.Result result = new Cli().writingTo(full).run(args);

        assertThat(result.status()).as("%s", (Object) args).isEqualTo(70);
        assertThat(result.err().lines().findFirst())
            .contains("kmodwatch: cannot write to standard output: No space left on device");
      }
    }
  }

  @Test
  void help_endsWell_whenItsReaderHasGone() throws IOException {
    try (OutputStream gone = failing("Broken pipe")) {
      assertThat(new Cli().writingTo(gone).run("--help").status()).isZero();
      assertThat(new Cli().writingTo(gone).run("--version").status()).isZero();
    }
  }

  @Test
  void nameThatTheLocaleCannotHold_isNamed_withTheRemedy() {
    // A name with a zero cannot be held by any.
    for (String[] args :
        new String[][] {
          {"inspect", "b\0.ko"}, {"replay", "b\0.ko"}, {"watch", "--config", "b\0.yaml"}
        }) {
      Cli.Result result = new Cli().run(args);

      assertThat(result.status()).as("%s", (Object) args).isEqualTo(64);
      assertThat(result.err())
          .contains("this name cannot be given in this locale, try LC_ALL=C.UTF-8: b")
          .doesNotContain("java");
    }
  }
}
