package org.kmodwatch.agent.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/** A folder or a database cannot be used at all; the message says why, and the remedy. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean inUse;

  /** With nothing below it. */
  public StoreException(String message) {
    this(message, null, false);
  }

  /** With what is below it. */
  public StoreException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private StoreException(String message, @Nullable Throwable cause, boolean inUse) {
    super(message, cause);
    this.inUse = inUse;
  }

  /** Another process has it. */
  static StoreException inUse(String message) {
    return new StoreException(message, null, true);
  }

  /** Whether another process has it, which may end. */
  public boolean isInUse() {
    return inUse;
  }

  /**
   * Whether the disk is the reason, as when it is read-only, full or broken, and nobody's mistake.
   */
  public boolean isOfTheDisk() {
    return isOfTheDisk(getCause());
  }

  /** The same of whatever an attempt to use a file or a folder ended in. */
  public static boolean isOfTheDisk(@Nullable Throwable failure) {
    return switch (failure) {
      case AccessDeniedException denied -> false;
      case NoSuchFileException missing -> false;
      case FileAlreadyExistsException another -> false;
      case NotDirectoryException another -> false;
      case IOException disk -> true;
      case null, default -> false;
    };
  }
}
