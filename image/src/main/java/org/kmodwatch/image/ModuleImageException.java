package org.kmodwatch.image;

import java.util.Locale;

/**
 * Reports that the bytes are not a readable module, or exceed a limit. Reading throws no other
 * exception.
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

  /** Returns the offset of the error in the bytes, decompressed if they were compressed. */
  public long offset() {
    return offset;
  }
}
