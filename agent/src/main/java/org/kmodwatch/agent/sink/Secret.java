package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A secret is a token, a password or a key that is sent and never shown. It is read at each use, so
 * it can be changed while the agent runs.
 */
public final class Secret {

  private static final int MAX_BYTES = 16 << 10;
  private static final Pattern LINE = Pattern.compile("[!-~]+(?: [!-~]+)*");
  private static final Pattern WORD = Pattern.compile("[!-~]+");

  private final String what;
  private final @Nullable Path file;
  private final @Nullable String variable;
  private final UnaryOperator<@Nullable String> environment;

  private Secret(
      String what,
      @Nullable Path file,
      @Nullable String variable,
      UnaryOperator<@Nullable String> environment) {
    this.what = what;
    this.file = file;
    this.variable = variable;
    this.environment = environment;
  }

  /**
   * Returns a secret in a file that only its owner may read.
   *
   * @param what the name in messages, such as {@code --webhook-token-file}
   */
  public static Secret inFile(String what, Path file) {
    return new Secret(what, file, null, name -> null);
  }

  /**
   * Returns a secret in an environment variable.
   *
   * @param what the name in messages
   * @param environment returns the value of a variable
   */
  public static Secret inEnvironment(
      String what, String variable, UnaryOperator<@Nullable String> environment) {
    return new Secret(what, null, variable, environment);
  }

  /**
   * Reads the secret at start, where a space is not allowed.
   *
   * @throws SinkException if it cannot be read, others can read it, or it is not one word
   */
  String requireWord() {
    try {
      return readWord();
    } catch (IOException e) {
      throw new SinkException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Requires that the secret can be read.
   *
   * @throws SinkException if it cannot be read, others can read it, or it is not one line
   */
  void require() {
    try {
      read();
    } catch (IOException e) {
      throw new SinkException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Reads the secret.
   *
   * @throws IOException if it cannot be read, others can read it, or it is not one line
   */
  String read() throws IOException {
    String text = file == null ? fromEnvironment() : fromFile(file);
    if (!LINE.matcher(text).matches()) {
      throw new IOException("%s: not one line of printable characters: %s".formatted(what, this));
    }
    return text;
  }

  /**
   * Reads the secret where a space is not allowed, as in an HTTP header.
   *
   * @throws IOException as {@link #read}, or if it contains a space
   */
  String readWord() throws IOException {
    String text = file == null ? fromEnvironment() : fromFile(file);
    if (!WORD.matcher(text).matches()) {
      throw new IOException(
          "%s: not one line of printable characters without spaces: %s".formatted(what, this));
    }
    return text;
  }

  private String fromEnvironment() throws IOException {
    String value = environment.apply(String.valueOf(variable));
    if (value == null || value.isEmpty()) {
      throw new IOException("%s: the variable is not set: %s".formatted(what, variable));
    }
    return value;
  }

  private String fromFile(Path from) throws IOException {
    try {
      PrivateFiles.requirePrivate(from, what);
      if (Files.size(from) > MAX_BYTES) {
        throw new IOException(
            "%s: too large: size=%d, limit=%d".formatted(what, Files.size(from), MAX_BYTES));
      }
      return Files.readString(from, StandardCharsets.ISO_8859_1).strip();
    } catch (java.nio.file.FileSystemException e) {
      throw new IOException("%s: cannot be read: %s".formatted(what, from), e);
    }
  }

  /** Returns whether {@code other} has the same name and the same file or variable. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret
        && what.equals(secret.what)
        && Objects.equals(file, secret.file)
        && Objects.equals(variable, secret.variable);
  }

  @Override
  public int hashCode() {
    return Objects.hash(what, file, variable);
  }

  /** Returns the file or the variable, and never the secret. */
  @Override
  public String toString() {
    return file == null ? "$" + variable : file.toString();
  }
}
