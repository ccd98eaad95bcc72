package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.settings.OutputOptions;
import org.kmodwatch.agent.shell.ExitStatus;

/** Asks a real bash what it would offer. */
class CompletionCommandTest {

  @TempDir Path folder;

  @Test
  void bash_completesCommands() throws Exception {
    assertThat(completed("kmodwatch", "re")).containsExactly("replay");
    assertThat(completed("kmodwatch", ""))
        .contains("watch", "replay", "inspect", "doctor", "signatures", "completion", "added");
  }

  @Test
  void bash_completesCommandsOfACommand() throws Exception {
    assertThat(completed("kmodwatch", "policy", "")).contains("check", "test", "learn");
  }

  @Test
  void bash_completesOptions() throws Exception {
    assertThat(completed("kmodwatch", "replay", "--re")).contains("--resume", "--repeat-window");
    assertThat(completed("kmodwatch", "replay", "--st")).containsExactly("--strict");
  }

  @Test
  void bash_completesValues() throws Exception {
    assertThat(completed("kmodwatch", "replay", "-o", "")).containsAll(OutputOptions.words());
    assertThat(completed("kmodwatch", "completion", "z")).containsExactly("zsh");
  }

  @Test
  void bash_leavesFilesToTheShell_whereNothingElseFits() throws Exception {
    assertThat(new Cli().run("completion").out())
        .contains("complete -F _complete_kmodwatch -o default kmodwatch")
        .doesNotContain("compopt +o default");
    assertThat(completed("kmodwatch", "replay", "host")).isEmpty();
  }

  @Test
  void zsh_hasTheSame_asAFunctionOfItsOwn() {
    String bash = new Cli().run("completion").out();
    String zsh = new Cli().run("completion", "zsh").out();
    assertThat(zsh).startsWith("#compdef kmodwatch\n").contains(bash);
    assertThat(zsh.substring(zsh.indexOf(bash) + bash.length())).contains("_bash_complete");
  }

  @Test
  void otherShell_isWrongUsage() {
    Cli.Result result = new Cli().run("completion", "fish");
    assertThat(result.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(result.err()).contains("bash", "zsh", "see kmodwatch completion --help");
  }

  /** What bash offers for the last of {@code words}. */
  private List<String> completed(String... words) throws IOException, InterruptedException {
    Path script = folder.resolve("completion.bash");
    Files.writeString(script, new Cli().run("completion", "bash").out());
    String line =
        Arrays.stream(words).map(word -> "'" + word + "'").collect(Collectors.joining(" "));
    Process bash =
        new ProcessBuilder(
                "bash",
                "--norc",
                "-c",
                """
                compopt() { :; }
                source "$1"
                COMP_WORDS=(%s) COMP_CWORD=%d COMP_LINE="%s" COMP_POINT=${#COMP_LINE}
                _complete_kmodwatch
                printf '%%s\\n' "${COMPREPLY[@]}"
                """
                    .formatted(line, words.length - 1, String.join(" ", words)),
                "bash",
                script.toString())
            .redirectErrorStream(true)
            .start();
    String out = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor()).as(out).isZero();
    return out.lines().map(String::strip).filter(word -> !word.isEmpty()).toList();
  }
}
