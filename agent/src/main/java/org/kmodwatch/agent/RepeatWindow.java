package org.kmodwatch.agent;

import java.time.Duration;
import org.kmodwatch.agent.alert.AlertConfig;
import org.kmodwatch.agent.config.Span;

/** Reads {@code --repeat-window}. */
final class RepeatWindow {

  private RepeatWindow() {}

  /**
   * The length that {@code text} says.
   *
   * @throws CommandException if it says none, or one that is too long
   */
  static Duration parse(String text) {
    return Span.parse(text)
        .filter(span -> span.compareTo(AlertConfig.MAX_REPEAT_WINDOW) <= 0)
        .orElseThrow(
            () ->
                new CommandException(
                    ExitStatus.USAGE,
                    "--repeat-window takes a time from 0 to 7d, such as 30s, 10m or 1h: " + text));
  }
}
