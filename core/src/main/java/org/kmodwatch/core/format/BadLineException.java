package org.kmodwatch.core.format;

/** Why a line is no event. It stays in this package: callers get a {@link BadLine}. */
final class BadLineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BadLineException(String reason) {
    // Bad lines may come by the million: no stack trace.
    super(reason, null, false, false);
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
