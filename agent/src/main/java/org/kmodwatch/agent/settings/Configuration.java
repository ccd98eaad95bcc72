package org.kmodwatch.agent.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.alert.AlertConfig;
import org.kmodwatch.agent.config.ByteSize;
import org.kmodwatch.agent.config.Checker;
import org.kmodwatch.agent.config.ConfigException;
import org.kmodwatch.agent.config.Key;
import org.kmodwatch.agent.config.Mark;
import org.kmodwatch.agent.config.Overlay;
import org.kmodwatch.agent.config.Problems;
import org.kmodwatch.agent.config.Section;
import org.kmodwatch.agent.config.Shape;
import org.kmodwatch.agent.config.Span;
import org.kmodwatch.agent.config.Tree;
import org.kmodwatch.agent.config.Yaml;
import org.kmodwatch.agent.identity.ImageStore;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.policy.PolicyConfig;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.sink.HistoryTarget;
import org.kmodwatch.agent.sink.SinkConfig;
import org.kmodwatch.agent.sink.SinkSettings;
import org.kmodwatch.agent.status.ListenAddress;
import org.kmodwatch.sensor.SensorOptions;

/** Describes and reads the configuration file of {@code watch}. */
public final class Configuration {

  /** The address of this version's schema, by which editors recognise a file. */
  public static final String SCHEMA_ID = "https://kmodwatch.org/schema/config/1";

  static final String IMAGE_BUFFER = "a power of two from 1M to 512M, or off";

  private static final Shape.Text FOLDER = Shape.Text.of("a folder");

  private static final Shape.Group HISTORY =
      new Shape.Group(
          "keys with values",
          List.of(
              Key.optional(
                  "dir",
                  FOLDER,
                  HistoryTarget.DEFAULT_FOLDER,
                  "The folder; nobody else may read it."),
              Key.optional(
                  "max-size",
                  new Shape.Size(HistoryTarget.MIN_BYTES, 1L << 40),
                  ByteSize.text(HistoryTarget.DEFAULT_MAX_BYTES),
                  "How large it may be; past that, the oldest go."),
              Key.optional(
                  "max-age",
                  new Shape.Time(HistoryTarget.MIN_AGE, Duration.ofDays(36_500)),
                  Span.text(HistoryTarget.DEFAULT_MAX_AGE),
                  "How long a record is kept.")));

  /** The shape of the whole file. */
  public static final Shape.Group SHAPE =
      new Shape.Group(
          "a configuration",
          List.of(
              Key.optional(
                      "output",
                      new Shape.Choice(OutputOptions.words()),
                      "What standard output shows; -o.")
                  .like("loads"),
              Key.optional("record", FOLDER, "Write the whole run into this new folder; --record.")
                  .like("/var/tmp/run1"),
              Key.optional(
                      "signatures",
                      new Shape.ListOf(Shape.Text.of("a jar or a folder of jars")),
                      "More signatures; --signatures.")
                  .like("[/etc/kmodwatch/signatures]"),
              Key.optional(
                  "image-buffer",
                  Shape.Text.checked(IMAGE_BUFFER, Configuration::imageBufferFault),
                  WatchOptions.DEFAULT_IMAGE_BUFFER,
                  "Memory of the kernel for the bytes of modules on their way; --image-buffer."),
              Key.optional(
                  "keep-images",
                  new Shape.Group(
                      "keys with values",
                      List.of(
                          Key.required("dir", FOLDER, "The folder; nobody else may read it.")
                              .like("/var/lib/kmodwatch/images"),
                          Key.optional(
                              "max",
                              new Shape.Size(1 << 20, 1L << 50),
                              ByteSize.text(ImageStore.DEFAULT_MAX_BYTES),
                              "How much of the disk it may take, in blocks of 4 KiB."))),
                  "Keep what the kernel is given; --keep-images."),
              Key.optional(
                      "pin",
                      FOLDER,
                      "Leave the programs in the kernel when this ends, in this folder of the BPF"
                          + " file system; --pin.")
                  .like(WatchOptions.DEFAULT_PINS),
              Key.optional(
                  "state",
                  FOLDER,
                  WatchOptions.DEFAULT_STATE,
                  "Where is kept which loads have been told; --state."),
              Key.optional(
                  "guard-ftrace",
                  new Shape.Flag(),
                  "false",
                  "Have the kernel refuse to switch ftrace off; --guard-ftrace."),
              Key.optional(
                      "listen",
                      Shape.Text.checked("[ADDR:]PORT", Configuration::listenFault),
                      "Answer metrics and health there; --listen.")
                  .like("127.0.0.1:9110"),
              Key.optional(
                      "listen-names",
                      new Shape.ListOf(Shape.Text.of("a host name or address")),
                      "By which names clients may ask there, besides addresses, localhost and the"
                          + " host's own name.")
                  .like("[node1.example.com]"),
              Key.optional(
                  "spool",
                  FOLDER,
                  WatchOptions.DEFAULT_SPOOL,
                  "Where waits what is not sent yet, each sink's in a folder of its name;"
                      + " --spool."),
              Key.optional("history", HISTORY, "Keep load records on this machine; --history."),
              Key.optional(
                  "sinks",
                  new Shape.MapOf(
                      Shape.Text.matching(
                          "a name of letters, digits and dashes", "[A-Za-z0-9][A-Za-z0-9-]{0,31}"),
                      SinkConfig.SHAPE),
                  "Where findings, load records and alerts go, by names of your own."),
              Key.optional(
                  "output-stalled-after",
                  new Shape.Time(Duration.ofSeconds(1), Duration.ofHours(1)),
                  Span.text(WatchSettings.Changeable.DEFAULT_STALLED_AFTER),
                  "How long an output or a sink may accept nothing although something waits; then"
                      + " /healthz says so, and KMW-1011 is raised."),
              AlertConfig.REPEAT_WINDOW,
              Key.optional(
                  "policy",
                  new Shape.ListOf(PolicyConfig.RULE),
                  "What is expected, and what is not: the first rule that holds speaks.")));

  private Configuration() {}

  /**
   * A configuration, with the settings that can change during a run.
   *
   * @param section the whole configuration
   * @param changeable the settings that SIGHUP can change
   */
  public record Configured(Section section, WatchSettings.Changeable changeable) {}

  /**
   * The parts of a configuration that the command line gives.
   *
   * @param policyFile a file with rules that replace the configuration's; null for none
   * @param assignments KEY=VALUE of {@code --set}
   * @param spool the folder of the sinks' spools; null for the configuration's
   * @param webhook the sink of {@code --webhook}, whose name no other sink can have
   * @param history the history options
   */
  public record FromElsewhere(
      @Nullable Path policyFile,
      List<String> assignments,
      @Nullable Path spool,
      Optional<SinkSettings> webhook,
      HistoryOptions history) {

    /** Returns an instance with the assignments of {@code --set} only. */
    public static FromElsewhere assignments(List<String> assignments) {
      return new FromElsewhere(null, assignments, null, Optional.empty(), new HistoryOptions());
    }

    /** Returns an instance that gives nothing. */
    public static FromElsewhere nothing() {
      return assignments(List.of());
    }

    public FromElsewhere {
      assignments = List.copyOf(assignments);
    }
  }

  /**
   * Reads a configuration, and checks everything that can be checked before a run.
   *
   * @param file the file; null for none
   * @throws ConfigException with all errors
   */
  public static Configured read(@Nullable Path file, FromElsewhere more, Shell shell) {
    var problems = new Problems();
    Tree tree =
        file == null
            ? new Tree.Table(Mark.ofOption("--set"), new LinkedHashMap<>())
            : Yaml.read(file, problems).orElse(null);
    problems.throwIfAny();
    if (tree == null) {
      throw new IllegalStateException("nothing was read, and nothing is wrong");
    }
    if (more.policyFile() != null) {
      tree = withPolicy(tree, more.policyFile(), problems);
    }
    Section section =
        new Checker(problems)
            .check(Overlay.apply(tree, "--set", more.assignments(), problems), SHAPE);
    Policy policy = PolicyConfig.read(section.sections("policy"), problems, shell::note);
    List<SinkSettings> sinks = sinks(section, more, shell, problems);
    problems.throwIfAny();
    return new Configured(
        section,
        new WatchSettings.Changeable(
            sinks,
            policy,
            section.requiredTime("repeat-window"),
            section.requiredTime("output-stalled-after")));
  }

  private static List<SinkSettings> sinks(
      Section section, FromElsewhere more, Shell shell, Problems problems) {
    Path spool =
        more.spool() != null
            ? more.spool()
            : Path.of(section.text("spool").orElse(WatchOptions.DEFAULT_SPOOL));
    var sinks = new ArrayList<SinkSettings>();
    more.webhook().ifPresent(sinks::add);
    Optional<Section> history = section.section("history");
    if (history.map(given -> !problems.isAnyWithin(given.path())).orElse(true)) {
      more.history().sink(history, spool).ifPresent(sinks::add);
    }
    List<String> taken = sinks.stream().map(SinkSettings::name).toList();
    var configured = new SinkConfig(spool, shell.variables()::get, problems);
    section
        .namedSections("sinks")
        .forEach(
            (name, sink) -> {
              if (problems.isAnyWithin(sink.path())) {
                return;
              }
              if (taken.contains(name)) {
                problems.add(
                    sink.mark(),
                    sink.path(),
                    "that is what the sink of --%s is called; expected another name"
                        .formatted(name));
              }
              configured.of(name, sink).ifPresent(sinks::add);
            });
    return sinks;
  }

  private static Tree withPolicy(Tree tree, Path policyFile, Problems problems) {
    Optional<Tree> read = Yaml.read(policyFile, problems);
    if (read.isPresent()
        && tree instanceof Tree.Table table
        && read.get() instanceof Tree.Table rules) {
      Tree.Entry entry = rules.entries().get("policy");
      if (entry != null) {
        return table.with("policy", entry);
      }
      problems.add(rules.mark(), "", "the key policy is missing, expected a list of rules");
    } else if (read.isPresent()) {
      problems.add(read.get().mark(), "", "expected the key policy with a list of rules");
    }
    return tree;
  }

  private static Optional<String> imageBufferFault(String text) {
    try {
      imageBufferBytes(text);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of("expected " + IMAGE_BUFFER);
    }
  }

  /**
   * Returns the size of the images' ring.
   *
   * @return the size in bytes; 0 for off
   * @throws IllegalArgumentException if the text is neither {@code off} nor a size that a ring can
   *     have
   */
  static int imageBufferBytes(String text) {
    if (text.equalsIgnoreCase("off")) {
      return 0;
    }
    return SensorOptions.checkedBufferBytes(
        ByteSize.parse(text).orElseThrow(IllegalArgumentException::new).bytes());
  }

  private static Optional<String> listenFault(String text) {
    try {
      ListenAddress.parse(text);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of("expected " + e.getMessage());
    }
  }
}
