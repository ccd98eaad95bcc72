package org.kmodwatch.agent.command;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.NoticeIds;
import org.kmodwatch.agent.output.PlainText;
import org.kmodwatch.agent.output.TextTable;
import org.kmodwatch.agent.policy.Learner;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.settings.PolicyOptions;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.Counted;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.Signatures;
import org.kmodwatch.agent.sink.HistoryTarget;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.history.HistoryFilter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Implements {@code kmodwatch policy}. */
@Command(
    name = "policy",
    header = "Say which loads are expected: check rules, try them, learn them.",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "",
      "A policy is an ordered list of rules, in the key policy of a configuration or in a file of"
          + " its own. The first whose condition holds speaks; where none does, a load with"
          + " findings alerts. No record and no finding is ever hidden. See docs/how-to/policy.md."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kmodwatch policy check policy.yaml",
      "  kmodwatch policy test policy.yaml loads.ndjson",
      "  kmodwatch policy learn loads.ndjson > learned.yaml",
      "  sudo kmodwatch watch --policy policy.yaml -o alerts"
    })
public final class PolicyCommand implements Callable<Integer> {

  /** Limits the kinds of loads that are shown; further kinds are only counted. */
  private static final int SHOWN = 20;

  /** Limits the kinds that are counted exactly. */
  private static final int MAX_KINDS = 1 << 14;

  /** Limits the text in a table cell; a recording may have a text as long as a line. */
  private static final int MAX_CELL = 256;

  private final Shell shell;
  private final InstantSource clock;

  public PolicyCommand(Shell shell, InstantSource clock) {
    this.shell = shell;
    this.clock = clock;
  }

  @Override
  public Integer call() {
    throw new CommandException(
        ExitStatus.USAGE, "no command given: check, test or learn; see kmodwatch policy --help");
  }

  @Command(
      name = "check",
      header = "Check the rules in FILE: names, dates, conditions.",
      footerHeading = "%nExamples:%n",
      footer = "  kmodwatch policy check policy.yaml")
  int check(@Parameters(paramLabel = "FILE", description = "The rules (YAML).") Path file)
      throws IOException {
    Policy policy = PolicyOptions.read(file, shell);
    Instant now = clock.instant();
    policy.tellExpired(now);
    shell.print("%s: %s, all well\n".formatted(file, Counted.of(policy.rules().size(), "rule")));
    return ExitStatus.OK;
  }

  @Command(
      name = "test",
      header = "Show what the rules in FILE would say of recorded loads.",
      description = {
        "",
        "RECORDING holds load records (-o loads) or events, plain, gzip or Zstandard; - is standard"
            + " input. Rules expire by the clock of the recording."
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  kmodwatch policy test policy.yaml loads.ndjson",
        "  kmodwatch policy test --fail-on-alert policy.yaml week*.ndjson.zst"
      })
  int test(
      @Parameters(index = "0", paramLabel = "FILE", description = "The rules (YAML).") Path file,
      @Parameters(
              index = "1..*",
              arity = "1..*",
              paramLabel = "RECORDING",
              description = "Load records or events.")
          List<String> recordings,
      @Option(names = "--fail-on-alert", description = "End with status 1 if a load alerts.")
          boolean failOnAlert)
      throws IOException {
    List<Signature> installed = Signatures.load(List.of());
    Policy policy = PolicyOptions.read(file, shell);
    var trial = new Trial(policy);
    new RecordedLoads(installed, shell).read(recordings, trial::load);
    shell.print(rules(policy));
    shell.print(
        "\n%s: %d would alert without a policy, %d with it\n"
            .formatted(Counted.of(trial.loads, "load"), trial.withoutPolicy, trial.withPolicy));
    shell.print(alerting(trial));
    if (!policy.neverHit().isEmpty()) {
      String names = PlainText.escapeControls(String.join(", ", policy.neverHit()));
      shell.print("\nrules that never spoke: %s\n".formatted(names));
    }
    return failOnAlert && trial.withPolicy > 0 ? ExitStatus.FINDINGS : ExitStatus.OK;
  }

  private String rules(Policy policy) {
    var table = new TextTable("RULE", "VERDICT", "LOADS", "OWNER", "EXPIRES");
    for (Policy.RuleAccount account : policy.account().rules()) {
      Instant expires = account.rule().expires();
      table.add(
          account.rule().name(),
          account.rule().verdict() == Verdict.EXPECTED ? "expected" : "alert",
          Long.toString(account.hits()),
          account.rule().owner(),
          expires == null ? "never" : expires.toString());
    }
    table.add("(no rule)", "", Long.toString(policy.account().unmatched()), "", "");
    return table.render(shell.colour());
  }

  /** A kind groups loads that are shown as one row. */
  private static final class Kind {
    private final List<String> cells;
    private long count = 1;

    Kind(List<String> cells) {
      this.cells = cells;
    }
  }

  /** Applies a policy to loads, and groups those that alert. */
  private static final class Trial {
    private final Policy policy;

    /** Holds the first kinds, by the hash of their cells, which may be long. */
    private final Map<String, Kind> alerting = new LinkedHashMap<>();

    private final Set<String> more = new HashSet<>();
    private boolean evenMore;
    private long loads;
    private long withoutPolicy;
    private long withPolicy;

    Trial(Policy policy) {
      this.policy = policy;
    }

    void load(LoadRecord load) {
      if (load.preExisting()) {
        // The module was loaded before the recording began.
        return;
      }
      loads++;
      if (!load.findings().isEmpty()) {
        withoutPolicy++;
      }
      LoadRecord.Policy said =
          policy.apply(load, Instant.ofEpochSecond(0, load.timeNanos())).policy();
      if (said != null && said.verdict() == Verdict.ALERT) {
        withPolicy++;
        count(cells(load, said));
      }
    }

    private void count(List<String> cells) {
      String key = NoticeIds.sha256(String.join("\n", cells)).substring(0, 32);
      Kind kind = alerting.get(key);
      if (kind != null) {
        kind.count++;
      } else if (alerting.size() < SHOWN) {
        alerting.put(key, new Kind(cells.stream().map(Trial::cut).toList()));
      } else if (more.size() < MAX_KINDS - SHOWN) {
        more.add(key);
      } else if (!more.contains(key)) {
        evenMore = true;
      }
    }

    private static String cut(String text) {
      return text.length() <= MAX_CELL ? text : text.substring(0, MAX_CELL - 1) + "…";
    }

    private static List<String> cells(LoadRecord load, LoadRecord.Policy said) {
      String from = load.route().memoryOnly() ? "memory" : "-";
      return List.of(
          Objects.requireNonNullElse(load.nameOrAlias(), "-"),
          load.file() == null ? from : load.file().path(),
          load.outcome().name().toLowerCase(Locale.ROOT),
          Objects.requireNonNullElse(said.rule(), "-"),
          String.join(" ", load.findings()));
    }
  }

  private String alerting(Trial trial) {
    if (trial.alerting.isEmpty()) {
      return "";
    }
    var table = new TextTable("ALERTS", "MODULE", "FROM", "OUTCOME", "RULE", "FINDINGS");
    for (Kind kind : trial.alerting.values()) {
      List<String> cells = kind.cells;
      table.add(
          Long.toString(kind.count),
          cells.get(0),
          cells.get(1),
          cells.get(2),
          cells.get(3),
          cells.get(4));
    }
    String more =
        trial.more.isEmpty()
            ? ""
            : "and %s%d more kinds of loads\n"
                .formatted(trial.evenMore ? "more than " : "", trial.more.size());
    return "\n" + table.render(shell.colour()) + more;
  }

  @Command(
      name = "learn",
      header = "Propose rules from recorded loads.",
      description = {
        "",
        "RECORDING holds load records (-o loads) or events; - is standard input, such as that of a"
            + " running watch. With --history it is what kmodwatch watch --history has kept. What"
            + " is proposed goes by signer, package, place and hash, never by the name of a"
            + " process; nothing is proposed for a load that was refused or failed, came from"
            + " memory or from a place where modules do not belong, is neither signed nor of a"
            + " package, or has findings beyond those that every such load has. Read every rule"
            + " before you use it."
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  kmodwatch policy learn loads.ndjson > learned.yaml",
        "  sudo kmodwatch watch -o loads | kmodwatch policy learn - > learned.yaml",
        "  sudo kmodwatch policy learn --history > learned.yaml"
      })
  int learn(
      @Parameters(arity = "0..*", paramLabel = "RECORDING", description = "Load records or events.")
          @Nullable List<String> recordings,
      @Option(
              names = "--history",
              arity = "0..1",
              fallbackValue = HistoryTarget.DEFAULT_FOLDER,
              paramLabel = "DIR",
              description =
                  "Also learn from the history in DIR. By default "
                      + HistoryTarget.DEFAULT_FOLDER
                      + ".")
          @Nullable Path history)
      throws IOException {
    if (recordings == null && history == null) {
      throw new CommandException(
          ExitStatus.USAGE,
          "nothing to learn from: give a RECORDING, or --history; see kmodwatch policy learn"
              + " --help");
    }
    List<Signature> installed = Signatures.load(List.of());
    var learner = new Learner(Catalogue.of(installed)::of);
    if (history != null) {
      HistoryCommand.read(history, HistoryFilter.ALL, Long.MAX_VALUE, learner::load);
    }
    if (recordings != null) {
      new RecordedLoads(installed, shell).read(recordings, learner::load);
    }
    shell.print(learner.proposal(clock.instant()));
    shell.note(learner.summary());
    return ExitStatus.OK;
  }
}
