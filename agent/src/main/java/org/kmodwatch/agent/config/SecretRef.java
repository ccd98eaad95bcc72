package org.kmodwatch.agent.config;

/** Where a secret is. */
public sealed interface SecretRef {

  /**
   * In a file, which nobody but its owner may read.
   *
   * @param path of the file
   */
  record InFile(String path) implements SecretRef {}

  /**
   * In a variable of the environment.
   *
   * @param name of the variable
   */
  record InEnvironment(String name) implements SecretRef {}
}
