package org.kmodwatch.agent.settings;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.alert.AlertConfig;
import org.kmodwatch.agent.config.Span;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import picocli.CommandLine.Option;

/** The alert options that {@code watch} and {@code replay} share. */
public final class PolicyOptions {

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description = "Take the rules of the policy from FILE; see kmodwatch policy --help.")
  public @Nullable Path file;

  @Option(
      names = "--repeat-window",
      paramLabel = "TIME",
      description =
          "How long, in replay by the recording's clock, the same alert is counted rather than told"
              + " again, such as 30s or 1h; 0 tells each. Default: 10m.")
  public @Nullable String repeatWindow;

  /**
   * Returns how long repeats of an alert are counted instead of reported.
   *
   * @param otherwise the time without the option
   * @throws CommandException if the option is not a time, or is too long
   */
  public Duration repeatWindow(Duration otherwise) {
    if (repeatWindow == null) {
      return otherwise;
    }
    return Span.parse(repeatWindow)
        .filter(span -> span.compareTo(AlertConfig.MAX_REPEAT_WINDOW) <= 0)
        .orElseThrow(
            () ->
                new CommandException(
                    ExitStatus.USAGE,
                    "--repeat-window takes a time from 0 to 7d, such as 30s, 10m or 1h: "
                        + repeatWindow));
  }

  /**
   * Reads the rules in {@code file}. Its other keys are checked, but not used.
   *
   * @throws org.kmodwatch.agent.config.ConfigException with all errors
   */
  public static Policy read(Path file, Shell shell) {
    Policy policy =
        Configuration.read(file, Configuration.FromElsewhere.nothing(), shell)
            .changeable()
            .policy();
    if (policy.isEmpty()) {
      throw new CommandException(
          ExitStatus.USAGE,
          "there is no rule in %s; write them under the key policy, or see kmodwatch policy learn"
              .formatted(file));
    }
    return policy;
  }
}
