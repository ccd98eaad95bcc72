package org.kmodwatch.agent.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.alert.AlertConfig;
import org.kmodwatch.agent.config.Section;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.identity.ImageStore;
import org.kmodwatch.agent.output.OutputFormat;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.sink.Secret;
import org.kmodwatch.agent.sink.SinkException;
import org.kmodwatch.agent.sink.SinkFilter;
import org.kmodwatch.agent.sink.SinkSettings;
import org.kmodwatch.agent.sink.SpooledSink;
import org.kmodwatch.agent.sink.StdoutTarget;
import org.kmodwatch.agent.sink.WebhookTarget;
import org.kmodwatch.agent.status.ListenAddress;

/**
 * Makes the settings of {@code watch} from its options and the configuration. The options override
 * the configuration. Without a configuration, the classes that read one are not loaded.
 */
public final class WatchSettingsReader {

  private final WatchOptions given;
  private final Shell shell;

  public WatchSettingsReader(WatchOptions given, Shell shell) {
    this.given = given;
    this.shell = shell;
  }

  /**
   * Returns the configuration; empty if no option asks for one.
   *
   * @throws org.kmodwatch.agent.config.ConfigException with all errors
   * @throws CommandException if an option is wrong
   */
  public Optional<Configuration.Configured> configured() {
    if (given.config == null && given.policy.file == null && given.assignments.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        Configuration.read(
            given.config,
            new Configuration.FromElsewhere(
                given.policy.file, given.assignments, given.spool, webhookSink(), given.history),
            shell));
  }

  /**
   * Returns the settings.
   *
   * @param configured the result of {@link #configured}
   * @throws CommandException if an option is wrong
   */
  public WatchSettings settings(Optional<Configuration.Configured> configured) {
    Optional<Section> file = configured.map(Configuration.Configured::section);
    Path images = given.keepImages != null ? given.keepImages : keptImages(file);
    int imageBufferBytes = imageBufferBytes(file);
    if (images != null && imageBufferBytes == 0) {
      throw new CommandException(
          ExitStatus.USAGE,
          "--keep-images has nothing to keep with --image-buffer off; leave one of them out");
    }
    WatchSettings.Changeable changeable = changeable(configured);
    return new WatchSettings(
        given.output.format != null
            ? given.output.format
            : text(file, "output").orElse(outputBeside(changeable.sinks())),
        given.record != null ? given.record : path(file, "record"),
        given.signatures.isEmpty()
            ? file.map(f -> f.texts("signatures")).orElse(List.of()).stream().map(Path::of).toList()
            : given.signatures,
        imageBufferBytes,
        images,
        keepImagesMaxBytes(file),
        given.pins != null ? given.pins : path(file, "pin"),
        given.state != null
            ? given.state
            : Path.of(text(file, "state").orElse(WatchOptions.DEFAULT_STATE)),
        given.guardFtrace || file.map(f -> f.flag("guard-ftrace")).orElse(false),
        listenAddress(file),
        file.map(f -> f.texts("listen-names")).orElse(List.of()),
        changeable);
  }

  /**
   * Returns the word none if a sink writes to standard output, which it does not share; null
   * otherwise.
   */
  private static @Nullable String outputBeside(List<SinkSettings> sinks) {
    return sinks.stream().anyMatch(sink -> sink.target() instanceof StdoutTarget)
        ? OutputFormat.NONE.word()
        : null;
  }

  private static Optional<String> text(Optional<Section> file, String key) {
    return file.flatMap(f -> f.text(key));
  }

  private static @Nullable Path path(Optional<Section> file, String key) {
    return text(file, key).map(Path::of).orElse(null);
  }

  private static @Nullable Path keptImages(Optional<Section> file) {
    return path(file.flatMap(f -> f.section("keep-images")), "dir");
  }

  private long keepImagesMaxBytes(Optional<Section> file) {
    if (given.keepImagesMax != null) {
      return given.keepImagesMax.bytes();
    }
    return file.flatMap(f -> f.section("keep-images"))
        .map(kept -> kept.requiredSize("max").bytes())
        .orElse(ImageStore.DEFAULT_MAX_BYTES);
  }

  private int imageBufferBytes(Optional<Section> file) {
    String wanted =
        given.imageBuffer != null
            ? given.imageBuffer
            : text(file, "image-buffer").orElse(WatchOptions.DEFAULT_IMAGE_BUFFER);
    try {
      return Configuration.imageBufferBytes(wanted);
    } catch (IllegalArgumentException e) {
      throw new CommandException(
          ExitStatus.USAGE,
          "--image-buffer takes %s: %s".formatted(Configuration.IMAGE_BUFFER, wanted));
    }
  }

  private @Nullable ListenAddress listenAddress(Optional<Section> file) {
    String wanted = given.listen != null ? given.listen : text(file, "listen").orElse(null);
    try {
      return wanted == null ? null : ListenAddress.parse(wanted);
    } catch (IllegalArgumentException e) {
      throw new CommandException(ExitStatus.USAGE, "--listen takes " + e.getMessage());
    }
  }

  private WatchSettings.Changeable changeable(Optional<Configuration.Configured> configured) {
    WatchSettings.Changeable all =
        configured
            .map(Configuration.Configured::changeable)
            .orElseGet(
                () ->
                    new WatchSettings.Changeable(
                        optionalSinks(),
                        Policy.none(),
                        AlertConfig.DEFAULT_REPEAT_WINDOW,
                        WatchSettings.Changeable.DEFAULT_STALLED_AFTER));
    Duration window = given.policy.repeatWindow(all.repeatWindow());
    return new WatchSettings.Changeable(all.sinks(), all.policy(), window, all.stalledAfter());
  }

  /** Returns the sinks that options ask for, without a configuration. */
  private List<SinkSettings> optionalSinks() {
    return Stream.of(webhookSink(), given.history.sink(Optional.empty(), spool()))
        .flatMap(Optional::stream)
        .toList();
  }

  private Path spool() {
    return given.spool == null ? Path.of(WatchOptions.DEFAULT_SPOOL) : given.spool;
  }

  /** Returns the sink of {@code --webhook}; empty without that option. */
  private Optional<SinkSettings> webhookSink() {
    if (given.webhook == null) {
      if (given.webhookTokenFile != null) {
        throw new CommandException(
            ExitStatus.USAGE, "--webhook-token-file needs a --webhook to send it to");
      }
      return Optional.empty();
    }
    long most = given.spoolMax == null ? SpooledSink.DEFAULT_SPOOL_BYTES : given.spoolMax.bytes();
    if (most < SpooledSink.MIN_SPOOL_BYTES) {
      throw new CommandException(ExitStatus.USAGE, "--spool-max takes at least 4M: bytes=" + most);
    }
    Secret token =
        given.webhookTokenFile == null
            ? null
            : Secret.inFile("--webhook-token-file", given.webhookTokenFile);
    try {
      return Optional.of(
          new SinkSettings(
              "webhook",
              WebhookTarget.of("--webhook", given.webhook, token),
              FormatName.KMODWATCH,
              SinkFilter.FINDINGS_AND_LOADS,
              spool(),
              most));
    } catch (SinkException e) {
      throw new CommandException(ExitStatus.USAGE, String.valueOf(e.getMessage()), e);
    }
  }
}
