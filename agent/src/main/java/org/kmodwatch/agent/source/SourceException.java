package org.kmodwatch.agent.source;

/** A source cannot be read; the message says why, and the remedy. */
public final class SourceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SourceException(String message, Throwable cause) {
    super(message, cause);
  }
}
