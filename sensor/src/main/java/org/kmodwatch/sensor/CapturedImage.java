package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A module as the kernel had it in memory when it was about to load it. Valid as long as the call
 * that hands it over.
 *
 * @param handedOver what the caller gave the kernel, or a file held
 * @param decompressed what the kernel made of that and went on with; null if it did not decompress
 *     it
 */
public record CapturedImage(Bytes handedOver, @Nullable Bytes decompressed) {

  /**
   * One of the two.
   *
   * @param sizeBytes the size that the kernel knows it to have
   * @param sha256 of all its bytes, hexadecimal in lower case; null unless every one of them came
   *     through
   * @param bytes all of them, to read; null unless every one came through, or if there was no room
   *     to keep them
   */
  public record Bytes(long sizeBytes, @Nullable String sha256, @Nullable ByteBuffer bytes) {

    /** Whether every byte came through. */
    public boolean complete() {
      return sha256 != null;
    }
  }
}
