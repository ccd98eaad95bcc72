package org.kmodwatch.agent.sink;

/** The spool cannot be read or written now; a retry may succeed. */
final class SpoolException extends Exception {
  private static final long serialVersionUID = 1L;

  SpoolException(String message) {
    super(message);
  }

  SpoolException(String message, Throwable cause) {
    super(message, cause);
  }
}
