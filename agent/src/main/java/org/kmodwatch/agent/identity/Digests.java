package org.kmodwatch.agent.identity;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.kmodwatch.sensor.kernel.Sha256;

/** Digests in lower-case hexadecimal. The position of what they are of stays. */
final class Digests {

  private static final int PIECE = 32 << 10;

  private Digests() {}

  static String sha256(ByteBuffer bytes) {
    return HexFormat.of().formatHex(Sha256.of(bytes));
  }

  /** For comparison with what package systems have, no more. */
  static String md5(ByteBuffer bytes) {
    return digest("MD5", bytes);
  }

  static String digest(String algorithm, ByteBuffer bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      // Piece by piece: of memory outside the heap the JDK would copy all of it first.
      ByteBuffer left = bytes.duplicate();
      var piece = new byte[Math.min(PIECE, left.remaining())];
      while (left.hasRemaining()) {
        int length = Math.min(piece.length, left.remaining());
        left.get(piece, 0, length);
        digest.update(piece, 0, length);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + algorithm, e);
    }
  }
}
