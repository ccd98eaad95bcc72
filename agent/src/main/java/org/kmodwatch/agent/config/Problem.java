package org.kmodwatch.agent.config;

/**
 * An error in a configuration.
 *
 * @param mark its position
 * @param path the path of the key, with dots; empty for the whole
 * @param message the error, and the expected value
 */
public record Problem(Mark mark, String path, String message) {

  /** Returns one line for a person: {@code kmodwatch.yaml:12:5: sinks.siem.port: …}. */
  @Override
  public String toString() {
    return path.isEmpty() ? mark + ": " + message : "%s: %s: %s".formatted(mark, path, message);
  }
}
