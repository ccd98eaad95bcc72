package org.kmodwatch.image;

import java.util.Locale;

/**
 * These bytes are not a module that can be read, or are past a limit. The only exception that
 * reading throws.
 */
public final class ModuleImageException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final long offset;

  ModuleImageException(String what, long offset) {
    super(String.format(Locale.ROOT, "%s: offset=0x%x", what, offset));
    this.offset = offset;
  }

  ModuleImageException(String what, long offset, Throwable cause) {
    super(String.format(Locale.ROOT, "%s: offset=0x%x", what, offset), cause);
    this.offset = offset;
  }

  /** Where in the bytes, decompressed if they were compressed, that was found. */
  public long offset() {
    return offset;
  }
}
