package org.kmodwatch.agent.config;

/**
 * Something that is wrong with a configuration.
 *
 * @param mark where
 * @param path of the key, with dots; empty for the whole
 * @param message what is wrong, and what was expected
 */
public record Problem(Mark mark, String path, String message) {

  /** One line for a person: {@code kmodwatch.yaml:12:5: sinks.siem.port: …}. */
  @Override
  public String toString() {
    return path.isEmpty() ? mark + ": " + message : "%s: %s: %s".formatted(mark, path, message);
  }
}
