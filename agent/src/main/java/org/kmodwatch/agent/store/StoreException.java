package org.kmodwatch.agent.store;

import org.jspecify.annotations.Nullable;

/** A folder or a database cannot be used at all; the message says why, and the remedy. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With nothing below it. */
  public StoreException(String message) {
    this(message, null);
  }

  /** With what is below it. */
  public StoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
