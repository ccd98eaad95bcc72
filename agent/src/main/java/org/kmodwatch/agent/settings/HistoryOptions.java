package org.kmodwatch.agent.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.ByteSize;
import org.kmodwatch.agent.config.Section;
import org.kmodwatch.agent.config.Span;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.sink.HistoryTarget;
import org.kmodwatch.agent.sink.SinkFilter;
import org.kmodwatch.agent.sink.SinkSettings;
import org.kmodwatch.agent.sink.SpooledSink;
import picocli.CommandLine.Option;

/** The history options of {@code watch}, which override the configuration. */
public final class HistoryOptions {

  /** The name of the sink that keeps the history. */
  static final String SINK = "history";

  @Option(
      names = "--history",
      arity = "0..1",
      fallbackValue = HistoryTarget.DEFAULT_FOLDER,
      paramLabel = "DIR",
      description =
          "Keep load records in a database in DIR, which nobody else may look into, for kmodwatch"
              + " history. By default "
              + HistoryTarget.DEFAULT_FOLDER
              + ".")
  public @Nullable Path folder;

  @Option(
      names = "--history-max",
      paramLabel = "SIZE",
      converter = ByteSize.Converter.class,
      description = "How large it may be, at least 4M; past that, the oldest go. Default: 1G.")
  public @Nullable ByteSize max;

  @Option(
      names = "--history-max-age",
      paramLabel = "TIME",
      description = "How long a record is kept, such as 90d; at least 1h. Default: 365d.")
  public @Nullable String maxAge;

  /**
   * Returns the sink that keeps the history; empty if neither options nor configuration ask for it.
   *
   * @param configured the key {@code history}
   * @param spool the folder of all spools
   * @throws CommandException if an option is wrong
   */
  Optional<SinkSettings> sink(Optional<Section> configured, Path spool) {
    if (folder == null && configured.isEmpty()) {
      if (max != null || maxAge != null) {
        throw new CommandException(
            ExitStatus.USAGE,
            "%s says how much of a --history to keep; give that too"
                .formatted(max != null ? "--history-max" : "--history-max-age"));
      }
      return Optional.empty();
    }
    return Optional.of(
        new SinkSettings(
            SINK,
            new HistoryTarget(
                folder != null ? folder : Path.of(configured.orElseThrow().requiredText("dir")),
                maxBytes(configured),
                maxAge(configured)),
            FormatName.LOADS,
            SinkFilter.LOADS,
            spool.resolve(SINK),
            SpooledSink.DEFAULT_SPOOL_BYTES));
  }

  private long maxBytes(Optional<Section> configured) {
    long bytes =
        max != null
            ? max.bytes()
            : configured
                .map(section -> section.requiredSize("max-size").bytes())
                .orElse(HistoryTarget.DEFAULT_MAX_BYTES);
    if (bytes < HistoryTarget.MIN_BYTES) {
      throw new CommandException(
          ExitStatus.USAGE, "--history-max takes at least 4M: bytes=" + bytes);
    }
    return bytes;
  }

  private Duration maxAge(Optional<Section> configured) {
    if (maxAge == null) {
      return configured
          .map(section -> section.requiredTime("max-age"))
          .orElse(HistoryTarget.DEFAULT_MAX_AGE);
    }
    return Span.parse(maxAge)
        .filter(age -> age.compareTo(HistoryTarget.MIN_AGE) >= 0)
        .orElseThrow(
            () ->
                new CommandException(
                    ExitStatus.USAGE,
                    "--history-max-age takes a time from 1h on, such as 30d: " + maxAge));
  }
}
