package org.kmodwatch.agent.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.ByteSize;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code watch}, which override the configuration. */
public final class WatchOptions {

  public static final String DEFAULT_IMAGE_BUFFER = "64M";
  public static final String DEFAULT_PINS = "/sys/fs/bpf/kmodwatch";
  public static final String DEFAULT_STATE = "/var/lib/kmodwatch";
  public static final String DEFAULT_SPOOL = "/var/lib/kmodwatch/spool";

  public @Mixin OutputOptions output = new OutputOptions();

  @Option(
      names = "--record",
      paramLabel = "DIR",
      description =
          "Also write events.ndjson, findings.ndjson, loads.ndjson and ledger.json into DIR, a new"
              + " folder; with --pin into DIR.2, DIR.3 ... if DIR has a recording already.")
  public @Nullable Path record;

  @Option(
      names = "--signatures",
      paramLabel = "DIR_OR_JAR",
      description = "Add the signatures in this jar, or in the jars of this folder.")
  public List<Path> signatures = new ArrayList<>();

  @Option(
      names = "--image-buffer",
      paramLabel = "SIZE|off",
      description =
          "Memory of the kernel for the bytes of modules on their way here, a power of two from 1M"
              + " to 512M; the largest module that can be taken is as large. Default: 64M. With"
              + " off, no hash, signature and package is in the records.")
  public @Nullable String imageBuffer;

  @Option(
      names = "--keep-images",
      paramLabel = "DIR",
      description =
          "Keep what the kernel is given in DIR, which nobody else may read: each module once, by"
              + " its hash.")
  public @Nullable Path keepImages;

  @Option(
      names = "--keep-images-max",
      paramLabel = "SIZE",
      converter = ByteSize.Converter.class,
      description =
          "How much of the disk DIR may take, in blocks of 4 KiB; past that, or 65536 images, what"
              + " was not loaded for longest goes. Default: 1G.")
  public @Nullable ByteSize keepImagesMax;

  @Option(
      names = "--pin",
      arity = "0..1",
      fallbackValue = DEFAULT_PINS,
      paramLabel = "DIR",
      description =
          "Leave the programs in the kernel when this ends, even if it is killed, and go on from"
              + " there at the next start: what is loaded meanwhile is told then. DIR is a folder"
              + " of the BPF file system, by default "
              + DEFAULT_PINS
              + "; rm -r DIR takes the programs off.")
  public @Nullable Path pins;

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description = "Where --pin keeps which loads have been told. Default: " + DEFAULT_STATE + ".")
  public @Nullable Path state;

  @Option(
      names = "--webhook",
      paramLabel = "URL",
      description =
          "Also send findings and load records to URL, as JSON by POST; what it does not take waits"
              + " in --spool. https, or http to this machine. If the URL is itself a secret: @FILE,"
              + " with --webhook URL in FILE.")
  public @Nullable String webhook;

  @Option(
      names = "--webhook-token-file",
      paramLabel = "FILE",
      description =
          "Holds the bearer token for --webhook; nobody else may read it. It is read anew for each"
              + " request.")
  public @Nullable Path webhookTokenFile;

  @Option(
      names = "--spool",
      paramLabel = "DIR",
      description =
          "Where waits what is not sent yet, over restarts too; nobody else may look into it."
              + " Default: "
              + DEFAULT_SPOOL
              + ".")
  public @Nullable Path spool;

  @Option(
      names = "--spool-max",
      paramLabel = "SIZE",
      converter = ByteSize.Converter.class,
      description =
          "How much may wait there, at least 4M; past that, the oldest is dropped, and counted."
              + " Default: 256M.")
  public @Nullable ByteSize spoolMax;

  @Option(
      names = "--guard-ftrace",
      description =
          "Have the kernel refuse every process to set kernel.ftrace_enabled to 0, which blinds the"
              + " hooks on functions, as long as this runs. Takes CAP_NET_ADMIN too.")
  public boolean guardFtrace;

  @Option(
      names = "--listen",
      paramLabel = "[ADDR:]PORT",
      description =
          "Answer GET /metrics, for Prometheus, and GET /healthz there. Without ADDR only this"
              + " machine can ask: 127.0.0.1.")
  public @Nullable String listen;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Read the configuration in FILE (YAML), and again at SIGHUP; what is given here counts"
              + " for more. See kmodwatch config --help.")
  public @Nullable Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Set one key of the configuration, such as sinks.siem.url=https://siem.example/hook. May"
              + " be repeated.")
  public List<String> assignments = new ArrayList<>();

  public @Mixin PolicyOptions policy = new PolicyOptions();

  public @Mixin HistoryOptions history = new HistoryOptions();
}
