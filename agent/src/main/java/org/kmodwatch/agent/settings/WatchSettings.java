package org.kmodwatch.agent.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.sink.SinkSettings;
import org.kmodwatch.agent.status.ListenAddress;

/**
 * Holds the settings of a {@code watch} run, from the command line and the configuration.
 *
 * @param output the format of standard output; null for the default
 * @param record a new folder for the whole run; null for none
 * @param signatures jars or folders with more signatures
 * @param imageBufferBytes the size of the images' ring; 0 for none
 * @param keepImages the folder for kept images; null for none
 * @param keepImagesMaxBytes how much disk space the images may take
 * @param pins the folder of the pinned programs; null if they are not pinned
 * @param state the folder that keeps which loads have been reported
 * @param guardFtrace whether the kernel must refuse to switch ftrace off
 * @param listen the address that serves metrics and health; null for none
 * @param listenNames the host names that clients may use there, besides addresses and this
 *     machine's name
 * @param changeable the settings that can change during the run
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

  /** The configuration keys that are read only at the start. */
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
   * Holds the settings that can change during the run.
   *
   * @param sinks the outputs besides standard output
   * @param policy the rules for loads
   * @param repeatWindow how long repeats of an alert are counted instead of reported
   * @param stalledAfter how long an output may accept nothing before a fault is reported
   */
  public record Changeable(
      List<SinkSettings> sinks, Policy policy, Duration repeatWindow, Duration stalledAfter) {

    /** The default of {@code stalledAfter}. */
    static final Duration DEFAULT_STALLED_AFTER = Duration.ofSeconds(10);

    public Changeable {
      sinks = List.copyOf(sinks);
    }
  }
}
