package org.kmodwatch.agent.identity;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.kmodwatch.sensor.kernel.JavaDigest;
import org.kmodwatch.sensor.kernel.Sha256;

/** Digests in lower-case hexadecimal. The position of what they are of stays. */
final class Digests {

  private Digests() {}

  static String sha256(ByteBuffer bytes) {
    return HexFormat.of().formatHex(Sha256.of(bytes));
  }

  /** For comparison with what package systems have, no more. */
  static String md5(ByteBuffer bytes) {
    return digest("MD5", bytes);
  }

  static String digest(String algorithm, ByteBuffer bytes) {
    return HexFormat.of().formatHex(JavaDigest.of(algorithm, bytes));
  }
}
