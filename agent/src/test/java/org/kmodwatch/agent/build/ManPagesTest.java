package org.kmodwatch.agent.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.Main;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class ManPagesTest {

  private static final Path MORE = Path.of("../packaging/deb/kmodwatch.8.more");

  @TempDir Path folder;

  @Test
  void pages_areOfTheProgram_andOfEachCommand() throws Exception {
    assertThat(pages().keySet())
        .contains("kmodwatch.8", "kmodwatch-replay.8", "kmodwatch-policy.8", "kmodwatch-added.8");
    assertThat(pages().get("kmodwatch.8"))
        .startsWith(".TH KMODWATCH 8 \"\" \"Kmodwatch 1.2\\-x\" \"System administration\"\n")
        .contains(
            ".SH NAME\nkmodwatch \\- Detects Linux kernel modules",
            ".TP\n.BR kmodwatch\\-replay (8)\nHand recordings to the signatures.\n",
            ".SH SECRETS\n",
            ".SH FILES\n",
            ".SH EXIT STATUS\n.TP\n\\fB0\\fR\ndone\n");
  }

  @Test
  void everyOptionAndCommand_isOnItsPage() throws Exception {
    Map<String, String> pages = pages();
    for (CommandLine command : commands().getSubcommands().values()) {
      CommandSpec spec = command.getCommandSpec();
      String page = pages.get(spec.qualifiedName("-") + ".8");
      assertThat(page).contains(".SH SYNOPSIS\n\\fBkmodwatch " + spec.name() + "\\fR");
      for (OptionSpec option : spec.options()) {
        assertThat(page).contains(".TP\n" + ManPages.Page.bold(option.names()[0]));
      }
      for (String sub : command.getSubcommands().keySet()) {
        assertThat(page).contains(".SS \"kmodwatch " + spec.name() + " " + sub + "\"\n");
      }
    }
  }

  @Test
  void examples_areOnThePage_asTheyAreTyped() throws Exception {
    assertThat(pages().get("kmodwatch-inspect.8"))
        .contains(
            ".SH EXAMPLES\n",
            "find /lib/modules \\-name \\(aq*.ko*\\(aq \\-exec kmodwatch inspect \\-o json {} +"
                + " |\n");
  }

  @Test
  void text_isPrintedAsItIs_whateverIsInIt() {
    assertThat(ManPages.Page.text(".SH a\\b -c 'd' \"e\""))
        .isEqualTo("\\&.SH a\\eb \\-c \\(aqd\\(aq \\(dqe\\(dq");
    assertThat(ManPages.Page.text("'quoted'")).isEqualTo("\\(aqquoted\\(aq");
  }

  @Test
  void mandoc_findsNothingWrong() throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/mandoc")),
        "mandoc is not installed: apt-get install it");
    for (Map.Entry<String, String> page : pages().entrySet()) {
      Path file = Files.writeString(folder.resolve(page.getKey()), page.getValue());
      // It wants a date in the head, which would be another one at each build.
      Process mandoc =
          new ProcessBuilder("mandoc", "-Tlint", "-W", "warning", file.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(mandoc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(said.lines().filter(line -> !line.contains("missing date")).toList())
          .as(page.getKey())
          .isEmpty();
    }
  }

  @Test
  void main_writesFiles() throws Exception {
    ManPages.main(new String[] {folder.resolve("out").toString(), MORE.toString()});
    assertThat(folder.resolve("out/kmodwatch.8")).content().contains(".SH SECRETS\n");
    assertThat(folder.resolve("out/kmodwatch-watch.8")).content().contains("\\-\\-webhook");
  }

  private static Map<String, String> pages() throws Exception {
    return ManPages.of(commands(), Files.readString(MORE), "1.2-x");
  }

  private static CommandLine commands() {
    return new Main(new Cli().shell(new ByteArrayOutputStream())).everyCommand();
  }
}
