package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A module as the kernel had it in memory before the load. It is valid only during the call that
 * passes it.
 *
 * @param passed the bytes that the caller gave the kernel, or the bytes of a file
 * @param decompressed the bytes that the kernel decompressed from them and used; null if it did not
 *     decompress them
 */
public record CapturedImage(Bytes passed, @Nullable Bytes decompressed) {

  /**
   * One of the two images.
   *
   * @param sizeBytes the size that the kernel has for it
   * @param sha256 the digest of all its bytes, hexadecimal in lower case; null unless every byte
   *     arrived
   * @param bytes all bytes, to read; null unless every byte arrived, or if there was no room to
   *     keep them
   */
  public record Bytes(long sizeBytes, @Nullable String sha256, @Nullable ByteBuffer bytes) {

    /** Returns whether every byte arrived. */
    public boolean complete() {
      return sha256 != null;
    }
  }
}
