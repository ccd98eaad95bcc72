package org.kmodwatch.agent;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.JsonOutputs;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputFormat;
import org.kmodwatch.agent.output.TableOutput;
import org.kmodwatch.agent.output.UserNames;
import picocli.CommandLine.Option;

/** The options that {@code watch} and {@code replay} share. */
final class OutputOptions {

  /** What most terminals that are wider than 80 columns have room for. */
  private static final int DEFAULT_COLUMNS = 120;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = {
        "table: one row a load, for people (default on a terminal);",
        "json: findings, one a line (default elsewhere);",
        "loads: load records, one a line;",
        "events: every event, one a line."
      })
  @Nullable String format;

  @Option(
      names = "--fail-on",
      paramLabel = "FINDING-ID",
      description =
          "End with status 1 if this finding was raised; any: whichever. May be repeated.")
  List<String> failOn = new ArrayList<>();

  /** The format asked for, or what suits standard output. */
  OutputFormat format(Shell shell) {
    return chooseFormat(format, shell);
  }

  /**
   * The format that {@code word} names, or what suits standard output.
   *
   * @throws CommandException if there is no such format
   */
  static OutputFormat chooseFormat(@Nullable String word, Shell shell) {
    if (word == null) {
      return shell.outIsTerminal() ? OutputFormat.TABLE : OutputFormat.JSON;
    }
    return OutputFormat.ofWord(word)
        .orElseThrow(
            () ->
                new CommandException(
                    ExitStatus.USAGE,
                    "no such output format, use table, json, loads or events: -o " + word));
  }

  /** Standard output in the format asked for. */
  Output open(Shell shell, UserNames users) {
    return switch (format(shell)) {
      case TABLE ->
          new TableOutput(
              shell.out(),
              new TableOutput.Style(
                  shell.outIsTerminal() ? columns(shell) : 0, shell.colour(), shell.zone()),
              users);
      case JSON -> JsonOutputs.findings(shell.out());
      case LOADS -> JsonOutputs.loads(shell.out());
      case EVENTS -> JsonOutputs.events(shell.out());
    };
  }

  private static int columns(Shell shell) {
    try {
      int columns = Integer.parseInt(shell.variables().getOrDefault("COLUMNS", ""));
      return columns > 0 ? columns : DEFAULT_COLUMNS;
    } catch (NumberFormatException notSet) {
      return DEFAULT_COLUMNS;
    }
  }
}
