package org.kmodwatch.core.read;

/**
 * Reports why a line is not an event. It does not leave this package: callers receive a {@link
 * BadLine}.
 */
final class BadLineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BadLineException(String reason) {
    // An input may have millions of bad lines: no stack trace.
    super(reason, null, false, false);
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
