package org.kmodwatch.image.pkcs7;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

/**
 * A key, and the check of a signature with it (public_key_verify_signature in
 * crypto/asymmetric_keys/public_key.c).
 *
 * @param algorithm by the kernel's name: {@code rsa}, {@code ecdsa-nist-p256}, {@code ecrdsa}, …
 * @param contents the key itself: of RSA a SEQUENCE of two numbers
 * @param info the SubjectPublicKeyInfo that it is in
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record PublicKey(String algorithm, byte[] contents, byte[] info) {

  /** Algorithms of signatures, by the kernel's names. */
  static final String RSA = "rsa";

  static final String ECDSA = "ecdsa";
  static final String ECRDSA = "ecrdsa";

  /** rsa_check_key_length in crypto/rsa.c, in bytes. */
  private static final Set<Integer> RSA_BYTES = Set.of(64, 128, 192, 256, 384, 512);

  /** Nobody's is larger than 65,537; a large one takes a quarter of a second. */
  private static final int MAX_EXPONENT_BITS = 64;

  /** mpi_read_raw_data takes no more. */
  private static final int MAX_NUMBER_BYTES = 16384 / 8;

  /** Bytes of 0xff that a signature has before its digest, at least. */
  private static final int MIN_PADDING = 8;

  /** The DigestInfo before the digest, of each algorithm (RFC 8017, section 9.2). */
  private static final Map<String, byte[]> DIGEST_INFO =
      Map.of(
          "sha1", HexFormat.of().parseHex("3021300906052b0e03021a05000414"),
          "sha224", digestInfo(4, 28),
          "sha256", digestInfo(1, 32),
          "sha384", digestInfo(2, 48),
          "sha512", digestInfo(3, 64),
          "sha3-256", digestInfo(8, 32),
          "sha3-384", digestInfo(9, 48),
          "sha3-512", digestInfo(10, 64));

  private static byte[] digestInfo(int number, int length) {
    return HexFormat.of()
        .parseHex(
            "30%02x300d06096086480165030402%02x050004%02x".formatted(17 + length, number, length));
  }

  /**
   * The digest to check a signature against.
   *
   * @param hash by the kernel's name
   * @throws RefusedException if it cannot be computed here
   */
  static MessageDigest digest(String hash) throws RefusedException {
    try {
      return MessageDigest.getInstance(
          hash.startsWith("sha3-") ? "SHA3-" + hash.substring(5) : hash.replace("sha", "SHA-"));
    } catch (GeneralSecurityException none) {
      throw Refusal.unsupported("the digest %s is not checked here".formatted(hash)).exception();
    }
  }

  /**
   * Checks a signature.
   *
   * @param by the algorithm that the signature names
   * @param hash of the digest
   * @throws RefusedException if it is wrong, or cannot be checked
   */
  void check(String by, String hash, byte[] signature, byte[] digest) throws RefusedException {
    boolean curve = algorithm.startsWith(ECDSA + "-");
    if (!algorithm.equals(by) && !(curve && by.equals(ECDSA))) {
      throw Refusal.rejected("signed by %s, and the key is of %s".formatted(by, algorithm))
          .exception();
    }
    if (by.equals(RSA)) {
      checkRsa(hash, signature, digest);
    } else if (curve) {
      checkEcdsa(hash, signature, digest);
    } else {
      throw Refusal.unsupported("%s is not checked here".formatted(algorithm)).exception();
    }
  }

  /** As crypto/rsa.c and crypto/rsa-pkcs1pad.c do. */
  private void checkRsa(String hash, byte[] signature, byte[] digest) throws RefusedException {
    Ber in = Ber.strict(contents, 0, contents.length);
    in.enter(Ber.SEQUENCE, "the key");
    byte[] modulus = in.contents(in.leaf(Ber.INTEGER, "the modulus"));
    byte[] exponent = in.contents(in.leaf(Ber.INTEGER, "the exponent"));
    in.leave("the key");
    if (modulus.length == 0
        || exponent.length == 0
        || exponent.length > modulus.length
        || modulus.length > MAX_NUMBER_BYTES) {
      throw Refusal.invalid("the key's numbers are none").exception();
    }
    var n = new BigInteger(1, modulus);
    int size = (n.bitLength() + Byte.SIZE - 1) / Byte.SIZE;
    if (!RSA_BYTES.contains(size)) {
      throw Refusal.invalid(
              "the key is of %d bits; kernels take RSA of 512, 1024, 1536, 2048, 3072 and 4096"
                  .formatted(size * Byte.SIZE))
          .exception();
    }
    var number = new BigInteger(1, signature);
    if (signature.length != size
        || number.compareTo(BigInteger.ONE) <= 0
        || number.compareTo(n.subtract(BigInteger.ONE)) >= 0) {
      throw Refusal.invalid("the signature is not a number of the key's size").exception();
    }
    var e = new BigInteger(1, exponent);
    if (e.bitLength() > MAX_EXPONENT_BITS) {
      throw Refusal.unsupported("an RSA exponent of more than 64 bits is not checked here")
          .exception();
    }
    byte[] block = toBytes(number.modPow(e, n), size);
    byte[] info = DIGEST_INFO.get(hash);
    if (info == null) {
      throw Refusal.unsupported("%s with RSA is not checked here".formatted(hash)).exception();
    }
    int padding = 2;
    while (padding < size && block[padding] == (byte) 0xff) {
      padding++;
    }
    int start = padding + 1;
    if (block[0] != 0
        || block[1] != 1
        || padding - 2 < MIN_PADDING
        || padding == size
        || block[padding] != 0
        || size - start != info.length + digest.length
        || !Arrays.equals(block, start, start + info.length, info, 0, info.length)
        || !Arrays.equals(block, start + info.length, size, digest, 0, digest.length)) {
      throw wrong();
    }
  }

  private static byte[] toBytes(BigInteger number, int size) {
    byte[] bytes = number.toByteArray();
    var padded = new byte[size];
    int length = Math.min(size, bytes.length);
    System.arraycopy(bytes, bytes.length - length, padded, size - length, length);
    return padded;
  }

  private void checkEcdsa(String hash, byte[] signature, byte[] digest) throws RefusedException {
    if (!DIGEST_INFO.containsKey(hash)) {
      throw Refusal.invalid("%s does not go with ECDSA".formatted(hash)).exception();
    }
    Signature check;
    try {
      check = Signature.getInstance("NONEwithECDSA");
      check.initVerify(KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(info)));
    } catch (GeneralSecurityException | RuntimeException unknown) {
      throw Refusal.unsupported("%s is not checked here".formatted(algorithm)).exception();
    }
    try {
      check.update(digest);
      if (!check.verify(signature)) {
        throw wrong();
      }
    } catch (GeneralSecurityException | RuntimeException notOne) {
      throw wrong();
    }
  }

  private static RefusedException wrong() {
    return Refusal.rejected("the signature is not of these bytes by this key").exception();
  }
}
