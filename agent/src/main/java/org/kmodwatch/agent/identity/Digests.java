package org.kmodwatch.agent.identity;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.kmodwatch.sensor.kernel.JavaDigest;
import org.kmodwatch.sensor.kernel.Sha256;

/** Computes digests in lower-case hexadecimal. Does not change the position of the bytes. */
final class Digests {

  private Digests() {}

  static String sha256(ByteBuffer bytes) {
    return HexFormat.of().formatHex(Sha256.of(bytes));
  }

  /** Computes an MD5 digest, only to compare it with those of package systems. */
  static String md5(ByteBuffer bytes) {
    return digest("MD5", bytes);
  }

  static String digest(String algorithm, ByteBuffer bytes) {
    return HexFormat.of().formatHex(JavaDigest.of(algorithm, bytes));
  }
}
