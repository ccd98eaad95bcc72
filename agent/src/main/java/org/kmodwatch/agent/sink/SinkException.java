package org.kmodwatch.agent.sink;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.history.store.StoreException;

/** A sink cannot start; the message says why, and the remedy. */
public final class SinkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SinkException(String message) {
    this(message, null);
  }

  SinkException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * Returns whether a later start may succeed without a change, since another process uses the
   * folder.
   */
  public boolean mayPass() {
    return getCause() instanceof StoreException store && store.isInUse();
  }
}
