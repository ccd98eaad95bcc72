package org.kmodwatch.sensor.kernel;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Java's own digests of many bytes. */
public final class JavaDigest {

  private static final int PIECE = 32 << 10;

  private JavaDigest() {}

  /**
   * The digest of what is between position and limit, which stay.
   *
   * @param algorithm one that every Java has
   */
  public static byte[] of(String algorithm, ByteBuffer bytes) {
    MessageDigest digest = start(algorithm);
    update(digest, bytes);
    return digest.digest();
  }

  /**
   * A digest of nothing yet.
   *
   * @param algorithm one that every Java has
   */
  public static MessageDigest start(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + algorithm, e);
    }
  }

  /** Takes in what is between position and limit, which stay. */
  public static void update(MessageDigest digest, ByteBuffer bytes) {
    // Piece by piece: of memory outside the heap the JDK would copy all of it first.
    ByteBuffer left = bytes.duplicate();
    var piece = new byte[Math.min(PIECE, left.remaining())];
    while (left.hasRemaining()) {
      int length = Math.min(piece.length, left.remaining());
      left.get(piece, 0, length);
      digest.update(piece, 0, length);
    }
  }
}
