package org.kmodwatch.core.format;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Compressed data is damaged or ends early, as against a device that cannot be read. */
final class CompressedDataException extends IOException {
  private static final long serialVersionUID = 1L;

  CompressedDataException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
