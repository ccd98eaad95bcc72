package org.kmodwatch.agent.settings;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.Nearest;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.format.FormatOutput;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.JsonOutputs;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputFormat;
import org.kmodwatch.agent.output.TableOutput;
import org.kmodwatch.agent.output.UserNames;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.Version;
import org.kmodwatch.core.signature.Signature;
import picocli.CommandLine.Option;

/** The output options that {@code watch} and {@code replay} share. */
public final class OutputOptions {

  /** The assumed width of a terminal. Most terminals wider than 80 columns have room for it. */
  private static final int DEFAULT_COLUMNS = 120;

  @Option(
      names = {"-o", "--output"},
      completionCandidates = Words.class,
      paramLabel = "FORMAT",
      description = {
        "table: one row a load, for people (default on a terminal);",
        "json: findings, one a line (default elsewhere);",
        "loads: load records, one a line;",
        "events: every event, one a line;",
        "alerts, ecs, ocsf, cef, falco: what is to be looked at, one a line;",
        "tracee: findings as events, one a line;",
        "none: nothing."
      })
  public @Nullable String format;

  @Option(
      names = "--fail-on",
      paramLabel = "FINDING-ID",
      description =
          "End with status 1 if this finding was raised; any: whichever. May be repeated.")
  public List<String> failOn = new ArrayList<>();

  /** The words for shell completion. */
  static final class Words implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return words().iterator();
    }
  }

  /** Returns every word that {@code -o} takes. */
  public static List<String> words() {
    return Stream.concat(
            Arrays.stream(OutputFormat.values()).map(OutputFormat::word),
            Arrays.stream(FormatName.values()).map(FormatName::word))
        .distinct()
        .filter(word -> !word.equals(FormatName.KMODWATCH.word()))
        // The word none comes last. The others keep their order.
        .sorted(Comparator.comparing(OutputFormat.NONE.word()::equals))
        .toList();
  }

  /** Returns whether every event is asked for, even without findings. */
  public boolean wantsEvents(Shell shell) {
    return usual(shell).equals(OutputFormat.EVENTS.word());
  }

  /** Returns whether the output includes alerts. */
  public boolean wantsAlerts(Shell shell) {
    return OutputFormat.ofWord(usual(shell)).isEmpty();
  }

  /** Returns the chosen word, or the default for standard output. */
  String usual(Shell shell) {
    return usual(format, shell);
  }

  /** Returns the settings that decide the output's form, in words. */
  public String description(Shell shell) {
    String word = usual(shell);
    return word.equals(OutputFormat.TABLE.word())
        ? "%s (%s, %s, %s)"
            .formatted(
                word,
                shell.outIsTerminal() ? columns(shell) + " columns" : "any width",
                shell.colour() ? "coloured" : "plain",
                shell.zone())
        : word;
  }

  private static String usual(@Nullable String word, Shell shell) {
    if (word != null) {
      return word;
    }
    return shell.outIsTerminal() ? OutputFormat.TABLE.word() : OutputFormat.JSON.word();
  }

  /**
   * Opens standard output in the chosen format.
   *
   * @throws CommandException if there is no such format
   */
  public Output open(Shell shell, UserNames users, List<Signature> signatures) {
    return open(format, shell, users, signatures);
  }

  /**
   * Opens standard output in the format {@code wanted}, or in the default format if that is null.
   *
   * @throws CommandException if there is no such format
   */
  public static Output open(
      @Nullable String wanted, Shell shell, UserNames users, List<Signature> signatures) {
    String word = usual(wanted, shell);
    Optional<OutputFormat> own = OutputFormat.ofWord(word);
    if (own.isEmpty()) {
      return foreign(word, shell, signatures);
    }
    return switch (own.get()) {
      case TABLE ->
          new TableOutput(
              shell.out(),
              new TableOutput.Style(
                  shell.outIsTerminal() ? columns(shell) : 0, shell.colour(), shell.zone()),
              users);
      case JSON -> JsonOutputs.findings(shell.out());
      case LOADS -> JsonOutputs.loads(shell.out());
      case EVENTS -> JsonOutputs.events(shell.out());
      case NONE -> JsonOutputs.none();
    };
  }

  /**
   * Opens standard output for load records.
   *
   * @param word the word of a format that can show load records
   */
  public static Output ofLoads(
      String word, Shell shell, UserNames users, List<Signature> signatures) {
    return OutputFormat.ofWord(word).isPresent()
        ? open(word, shell, users, signatures)
        : foreign(
            FormatName.ofWord(word).orElseThrow(), EnumSet.of(Notice.Kind.LOAD), shell, signatures);
  }

  private static Output foreign(String word, Shell shell, List<Signature> signatures) {
    FormatName format =
        FormatName.ofWord(word)
            .filter(name -> name != FormatName.KMODWATCH)
            .orElseThrow(
                () ->
                    new CommandException(
                        ExitStatus.USAGE,
                        "no such output format%s: -o %s (there are %s)"
                            .formatted(
                                Nearest.hint(word, words()), word, String.join(", ", words()))));
    return foreign(format, format.usualKinds(), shell, signatures);
  }

  private static Output foreign(
      FormatName format, Set<Notice.Kind> kinds, Shell shell, List<Signature> signatures) {
    return new FormatOutput(
        format.open(Catalogue.of(signatures), Version.text(), null), kinds, shell.out());
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
