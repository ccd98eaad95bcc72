package org.kmodwatch.core.scan;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reports that compressed data is damaged or ends early. A device that cannot be read is a
 * different {@link IOException}.
 */
final class CompressedDataException extends IOException {
  private static final long serialVersionUID = 1L;

  CompressedDataException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
