package org.kmodwatch.history;

/** The history cannot be read or written now; a retry may succeed. */
public final class HistoryException extends Exception {
  private static final long serialVersionUID = 1L;

  HistoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
