package org.kmodwatch.agent.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.Nearest;
import org.kmodwatch.agent.config.Span;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputFormat;
import org.kmodwatch.agent.output.UserNames;
import org.kmodwatch.agent.settings.OutputOptions;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.Counted;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.Signatures;
import org.kmodwatch.agent.sink.HistoryTarget;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.history.HistoryException;
import org.kmodwatch.history.HistoryFilter;
import org.kmodwatch.history.HistoryReader;
import org.kmodwatch.history.store.StoreException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Implements {@code kmodwatch history}. */
@Command(
    name = "history",
    header = "Ask what was loaded on this machine, and what was tried.",
    description = {
      "",
      "Shows the newest load records that kmodwatch watch --history has kept, the newest last; it"
          + " may be running. Filters are joined by and. In a pattern * is anything and ? one"
          + " character; it has to fit the whole name."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sudo kmodwatch history",
      "  sudo kmodwatch history --since 7d --outcome refused",
      "  sudo kmodwatch history --name 'nf_*' --requester iptables",
      "  sudo kmodwatch history --signature unsigned --place temporary",
      "  sudo kmodwatch history --hash 4ccde6e1 -o loads --limit all | jq .loader"
    })
public final class HistoryCommand implements Callable<Integer> {

  private static final String DEFAULT_LIMIT = "100";
  private static final String ALL = "all";

  @Option(
      names = "--history",
      paramLabel = "DIR",
      description = "Where it is. Default: " + HistoryTarget.DEFAULT_FOLDER + ".")
  Path folder = Path.of(HistoryTarget.DEFAULT_FOLDER);

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description =
          "Not before TIME: 2026-11-25, 2026-11-25T19:30, 2026-11-25T19:30:00Z, or so long ago: 2h,"
              + " 7d.")
  @Nullable String since;

  @Option(names = "--until", paramLabel = "TIME", description = "Before TIME; likewise.")
  @Nullable String until;

  @Option(
      names = "--name",
      paramLabel = "PATTERN",
      description = "Name of the module, or the alias that was asked for.")
  @Nullable String name;

  @Option(
      names = "--hash",
      paramLabel = "HEX",
      description =
          "How the SHA-256 begins: of the bytes that the kernel was given, or of the module that it"
              + " made of compressed ones.")
  @Nullable String hash;

  @Option(
      names = "--signature",
      paramLabel = "STATUS",
      description = "valid, invalid, unsigned or unknown-key.")
  @Nullable String signature;

  @Option(names = "--signer", paramLabel = "PATTERN", description = "Name of the signing key.")
  @Nullable String signer;

  @Option(
      names = "--outcome",
      paramLabel = "OUTCOME",
      description = "loaded, refused, failed, unloaded or unknown.")
  @Nullable String outcome;

  @Option(
      names = "--requester",
      paramLabel = "PATTERN",
      description =
          "Program of whoever asked, or on whose behalf the kernel did: with a slash its whole"
              + " path, without one the last part of it.")
  @Nullable String requester;

  @Option(
      names = "--place",
      paramLabel = "PLACE",
      description =
          "Where the module's file was: distribution, updates, memfd, temporary, home, other;"
              + " memory if there was none; or a pattern with a slash for its path.")
  @Nullable String place;

  @Option(
      names = "--pre-existing",
      description =
          "Also the records of what was loaded before kmodwatch started; not in the table.")
  boolean preExisting;

  @Option(
      names = "--limit",
      paramLabel = "N|all",
      description = "At most so many, the newest. Default: " + DEFAULT_LIMIT + ".")
  String limit = DEFAULT_LIMIT;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = {
        "table: one row a load, for people (default on a terminal);",
        "loads: load records, one a line (default elsewhere);",
        "ecs, ocsf, cef, falco: the same in those forms."
      })
  @Nullable String format;

  private final Shell shell;
  private final InstantSource clock;

  public HistoryCommand(Shell shell, InstantSource clock) {
    this.shell = shell;
    this.clock = clock;
  }

  @Override
  public Integer call() throws IOException {
    HistoryFilter filter = filter();
    long atMost = limit();
    Output output = output();
    HistoryReader.Found found =
        read(
            folder,
            filter,
            atMost,
            load -> {
              try {
                output.accept(new Notice.OfLoad(load));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    output.flush();
    if (found.unreadable() > 0) {
      shell.complain(
          "%s in the history cannot be read, and left out"
              .formatted(Counted.of(found.unreadable(), "record")));
    }
    if (found.more()) {
      shell.note("the newest %d; there are more: --limit, or a filter".formatted(atMost));
    } else if (found.records() == 0) {
      shell.note("no record in %s is so".formatted(folder));
    }
    return found.unreadable() > 0 ? ExitStatus.UNAVAILABLE : ExitStatus.OK;
  }

  /**
   * Reads the history in {@code folder}, oldest record first.
   *
   * @param atMost the largest number of records, of which the newest are read
   * @throws CommandException if there is no history, or it cannot be read
   * @throws IOException if {@code loads} throws an UncheckedIOException, whose cause this is
   */
  static HistoryReader.Found read(
      Path folder, HistoryFilter filter, long atMost, Consumer<LoadRecord> loads)
      throws IOException {
    try (HistoryReader reader = HistoryReader.open(folder)) {
      return reader.read(filter, atMost, loads);
    } catch (StoreException | HistoryException e) {
      throw new CommandException(ExitStatus.UNAVAILABLE, String.valueOf(e.getMessage()), e);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private HistoryFilter filter() {
    return new HistoryFilter(
        time("--since", since),
        time("--until", until),
        preExisting,
        name,
        hash(),
        word("--signature", signature, LoadRecord.ModuleSignature.Status.values(), List.of()),
        signer,
        word("--outcome", outcome, LoadRecord.Outcome.values(), List.of()),
        requester,
        place == null || place.indexOf('/') >= 0
            ? place
            : word("--place", place, LoadRecord.Place.values(), List.of(HistoryFilter.MEMORY)));
  }

  private @Nullable Instant time(String option, @Nullable String text) {
    if (text == null) {
      return null;
    }
    Optional<Instant> ago = Span.parse(text).map(span -> clock.instant().minus(span));
    if (ago.isPresent()) {
      return ago.get();
    }
    try {
      if (text.indexOf('T') < 0) {
        return LocalDate.parse(text).atStartOfDay(shell.zone()).toInstant();
      }
      return text.endsWith("Z")
          ? Instant.parse(text)
          : LocalDateTime.parse(text).atZone(shell.zone()).toInstant();
    } catch (DateTimeException e) {
      throw new CommandException(
          ExitStatus.USAGE,
          "%s takes a time such as 2026-11-25, 2026-11-25T19:30, 2026-11-25T19:30:00Z, 2h or 7d: %s"
              .formatted(option, text),
          e);
    }
  }

  private @Nullable String hash() {
    if (hash == null) {
      return null;
    }
    String lower = hash.toLowerCase(Locale.ROOT);
    if (!lower.matches("[0-9a-f]{1,64}")) {
      throw new CommandException(
          ExitStatus.USAGE, "--hash takes up to 64 hexadecimal digits: " + hash);
    }
    return lower;
  }

  private static @Nullable String word(
      String option, @Nullable String given, Enum<?>[] values, List<String> more) {
    if (given == null) {
      return null;
    }
    List<String> words =
        Stream.concat(Arrays.stream(values).map(LoadRecords::word), more.stream()).toList();
    String word = given.replace('-', ' ');
    if (!words.contains(word)) {
      throw new CommandException(
          ExitStatus.USAGE,
          "%s takes %s%s: %s"
              .formatted(
                  option,
                  String.join(", ", words).replace("unknown key", "unknown-key"),
                  Nearest.hint(word, words),
                  given));
    }
    return word;
  }

  private long limit() {
    if (limit.equals(ALL)) {
      return Long.MAX_VALUE;
    }
    try {
      long number = Long.parseLong(limit);
      // With a limit, the row numbers of all records are held in memory.
      if (number > 0 && number <= 10_000_000) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // The error is reported below.
    }
    throw new CommandException(
        ExitStatus.USAGE, "--limit takes a number from 1 to 10000000, or all: " + limit);
  }

  private Output output() {
    String word =
        format != null
            ? format
            : (shell.outIsTerminal() ? OutputFormat.TABLE : OutputFormat.LOADS).word();
    List<String> words =
        Stream.concat(
                Stream.of(OutputFormat.TABLE.word()),
                Arrays.stream(FormatName.values())
                    .filter(name -> name.kinds().contains(Notice.Kind.LOAD))
                    .filter(name -> name != FormatName.KMODWATCH)
                    .map(FormatName::word))
            .toList();
    if (!words.contains(word)) {
      throw new CommandException(
          ExitStatus.USAGE,
          "a history has load records, for which there is no output format %s%s (there are %s)"
              .formatted(word, Nearest.hint(word, words), String.join(", ", words)));
    }
    return OutputOptions.ofLoads(
        word, shell, UserNames.of(shell.root().resolve("etc/passwd")), Signatures.load(List.of()));
  }
}
