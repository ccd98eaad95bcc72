package org.kmodwatch.agent.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.sink.SinkSettings;
import org.kmodwatch.agent.status.ListenAddress;

/**
 * What a run of {@code watch} does, from the command line and the configuration.
 *
 * @param output what standard output shows; null for what suits it
 * @param record a new folder for the whole run; null for none
 * @param signatures more of them
 * @param imageBufferBytes of the images' ring; 0 for none
 * @param keepImages where images are kept; null for nowhere
 * @param keepImagesMaxBytes how much of the disk they may take
 * @param pins where the programs are pinned; null if they are not
 * @param state where is kept which loads have been told
 * @param guardFtrace whether the kernel is to refuse to switch ftrace off
 * @param listen where metrics and health are answered; null for nowhere
 * @param listenNames by which clients may ask there, besides addresses and this machine's name
 * @param changeable what can be another while it runs
 */
public record WatchSettings(
    @Nullable String output,
    @Nullable Path record,
    List<Path> signatures,
    int imageBufferBytes,
    @Nullable Path keepImages,
    long keepImagesMaxBytes,
    @Nullable Path pins,
    Path state,
    boolean guardFtrace,
    @Nullable ListenAddress listen,
    List<String> listenNames,
    Changeable changeable) {

  /** The keys of a configuration that only a start reads. */
  public static final List<String> READ_AT_START =
      List.of(
          "output",
          "record",
          "signatures",
          "image-buffer",
          "keep-images",
          "pin",
          "state",
          "guard-ftrace",
          "listen",
          "listen-names",
          "spool");

  public WatchSettings {
    signatures = List.copyOf(signatures);
    listenNames = List.copyOf(listenNames);
  }

  /**
   * What can be another while it runs.
   *
   * @param sinks where everything goes, besides standard output
   * @param policy what is expected
   * @param repeatWindow how long the same alert is counted rather than told
   * @param stalledAfter how long an output may accept nothing before that is a trouble
   */
  public record Changeable(
      List<SinkSettings> sinks, Policy policy, Duration repeatWindow, Duration stalledAfter) {

    /** How long that is if nobody says otherwise. */
    static final Duration DEFAULT_STALLED_AFTER = Duration.ofSeconds(10);

    public Changeable {
      sinks = List.copyOf(sinks);
    }
  }
}
