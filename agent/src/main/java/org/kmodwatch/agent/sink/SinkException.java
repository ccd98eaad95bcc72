package org.kmodwatch.agent.sink;

import org.jspecify.annotations.Nullable;

/** A sink cannot start; the message says why, and the remedy. */
public final class SinkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SinkException(String message) {
    this(message, null);
  }

  SinkException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
