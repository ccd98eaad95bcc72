package org.kmodwatch.agent.config;

/** The place of a secret. */
public sealed interface SecretRef {

  /**
   * A secret in a file that only its owner may read.
   *
   * @param path the path of the file
   */
  record InFile(String path) implements SecretRef {}

  /**
   * A secret in an environment variable.
   *
   * @param name the name of the variable
   */
  record InEnvironment(String name) implements SecretRef {}
}
