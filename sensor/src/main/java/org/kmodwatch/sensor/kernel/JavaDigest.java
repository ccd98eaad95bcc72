package org.kmodwatch.sensor.kernel;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Computes Java's own digests of many bytes. */
public final class JavaDigest {

  private static final int PIECE = 32 << 10;

  private JavaDigest() {}

  /**
   * Returns the digest of the bytes between position and limit. Changes neither position nor limit.
   *
   * @param algorithm an algorithm that every Java has
   */
  public static byte[] of(String algorithm, ByteBuffer bytes) {
    MessageDigest digest = start(algorithm);
    update(digest, bytes);
    return digest.digest();
  }

  /**
   * Creates a digest without any bytes.
   *
   * @param algorithm an algorithm that every Java has
   */
  public static MessageDigest start(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + algorithm, e);
    }
  }

  /** Adds the bytes between position and limit to a digest. Changes neither position nor limit. */
  public static void update(MessageDigest digest, ByteBuffer bytes) {
    // Piece by piece: for memory outside the heap, the JDK would first copy all of it.
    ByteBuffer left = bytes.duplicate();
    var piece = new byte[Math.min(PIECE, left.remaining())];
    while (left.hasRemaining()) {
      int length = Math.min(piece.length, left.remaining());
      left.get(piece, 0, length);
      digest.update(piece, 0, length);
    }
  }
}
