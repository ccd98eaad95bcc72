package org.kmodwatch.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code kmodwatch completion}. */
@Command(
    name = "completion",
    header = "Print what a shell needs to complete commands, options and their values.",
    description = {
      "",
      "The package has both in place; from a checkout, have the shell read it at its start."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  source <(kmodwatch completion bash)",
      "  source <(kmodwatch completion zsh)",
      "  kmodwatch completion zsh > ~/.zfunc/_kmodwatch"
    })
final class CompletionCommand implements Callable<Integer> {

  private static final String PROGRAM = "kmodwatch";

  /** Takes away that where nothing else fits, the names of files do: what most commands work on. */
  private static final String NO_FILES = "  type compopt &>/dev/null && compopt +o default\n";

  /** For a file in zsh's fpath, which is then the body of this function. */
  private static final String ZSH_END =
      """

      if [ "${funcstack[1]}" = "_kmodwatch" ]; then
        _bash_complete -o default -F _complete_kmodwatch
      fi
      """;

  /** A shell that can be helped. */
  enum Kind {
    bash,
    zsh
  }

  @Parameters(arity = "0..1", paramLabel = "bash|zsh", description = "The shell. Default: bash.")
  Kind kind = Kind.bash;

  private final Shell shell;
  private final Supplier<CommandLine> commands;

  /**
   * Creates the command.
   *
   * @param commands everything that can be completed
   */
  CompletionCommand(Shell shell, Supplier<CommandLine> commands) {
    this.shell = shell;
    this.commands = commands;
  }

  @Override
  public Integer call() throws IOException {
    String script = AutoComplete.bash(PROGRAM, commands.get()).replace(NO_FILES, "");
    String text =
        switch (kind) {
          case bash -> script;
          case zsh -> "#compdef " + PROGRAM + "\n" + script + ZSH_END;
        };
    shell.out().write(text.getBytes(StandardCharsets.UTF_8));
    return ExitStatus.OK;
  }
}
