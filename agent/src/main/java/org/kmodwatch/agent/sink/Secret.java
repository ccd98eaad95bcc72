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
 * Something that is sent and never shown: a token, a password, a key. It is read each time, so that
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
   * In a file, for nobody but its owner to read.
   *
   * @param what names it in messages, such as {@code --webhook-token-file}
   */
  public static Secret inFile(String what, Path file) {
    return new Secret(what, file, null, name -> null);
  }

  /**
   * In a variable of the environment.
   *
   * @param what names it in messages
   * @param environment the variables
   */
  public static Secret inEnvironment(
      String what, String variable, UnaryOperator<@Nullable String> environment) {
    return new Secret(what, null, variable, environment);
  }

  /**
   * Reads it where it is needed at once, and no space can stand in it.
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
   * Makes sure that it is there.
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
   * Reads it.
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
   * Reads it where no space can stand, as in an HTTP header.
   *
   * @throws IOException as {@link #read}, and if it has a space in it
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

  /** Whether {@code other} is at the same place. */
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

  /** Where it is; never what it is. */
  @Override
  public String toString() {
    return file == null ? "$" + variable : file.toString();
  }
}
