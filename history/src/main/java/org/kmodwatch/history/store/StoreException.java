package org.kmodwatch.history.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/**
 * Reports that a folder or a database cannot be used. The message has the reason and the remedy.
 */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean inUse;

  /** Creates an exception without a cause. */
  public StoreException(String message) {
    this(message, null, false);
  }

  /** Creates an exception with a cause. */
  public StoreException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private StoreException(String message, @Nullable Throwable cause, boolean inUse) {
    super(message, cause);
    this.inUse = inUse;
  }

  /** Creates an exception for a folder or a database that another process uses. */
  static StoreException inUse(String message) {
    return new StoreException(message, null, true);
  }

  /** Returns whether another process uses it, which may end. */
  public boolean isInUse() {
    return inUse;
  }

  /**
   * Returns whether the disk is the reason, because it is read-only, full or broken. Then it is not
   * a user's mistake.
   */
  public boolean isOfTheDisk() {
    return isOfTheDisk(getCause());
  }

  /** Returns the same for any failure to use a file or a folder. */
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
