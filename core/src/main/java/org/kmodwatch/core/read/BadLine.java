package org.kmodwatch.core.read;

/**
 * A line that is not an event.
 *
 * @param file the name of the input, as the caller gave it
 * @param line the line's number, from 1
 * @param reason the error, in words for a person
 */
public record BadLine(String file, long line, String reason) {

  /** Returns the bad line as text for a person: {@code file:line: reason}. */
  @Override
  public String toString() {
    return file + ":" + line + ": " + reason;
  }
}
