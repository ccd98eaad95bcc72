package org.kmodwatch.image.pkcs7;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bouncycastle.asn1.x9.ECNamedCurveTable;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.math.ec.ECPoint;

/**
 * A public key, which checks signatures (public_key_verify_signature in
 * crypto/asymmetric_keys/public_key.c).
 *
 * @param algorithm the kernel's name: {@code rsa}, {@code ecdsa-nist-p256}, {@code ecrdsa}, …
 * @param contents the key itself; for RSA a SEQUENCE of two numbers
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record PublicKey(String algorithm, byte[] contents) {

  /** The names that the kernel has for signature algorithms. */
  static final String RSA = "rsa";

  static final String ECDSA = "ecdsa";
  static final String ECRDSA = "ecrdsa";

  /** The key lengths that rsa_check_key_length in crypto/rsa.c allows, in bytes. */
  private static final Set<Integer> RSA_BYTES = Set.of(64, 128, 192, 256, 384, 512);

  /**
   * The largest exponent. Keys in use have at most 65,537; a large one takes a quarter of a second.
   */
  private static final int MAX_EXPONENT_BITS = 64;

  /** The least number of 0xff bytes that stand before the digest in a signature. */
  private static final int MIN_PADDING = 8;

  /** The DigestInfo that stands before the digest, by algorithm (RFC 8017, section 9.2). */
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
   * Returns the digest function for a signature check.
   *
   * @param hash the kernel's name
   * @throws RefusedException if the digest cannot be computed here
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
   * @param hash the digest's hash algorithm
   * @throws RefusedException if the signature is wrong, or cannot be checked
   */
  void check(String by, String hash, byte[] signature, byte[] digest) throws RefusedException {
    requireFits(by);
    if (by.equals(RSA)) {
      checkRsa(hash, signature, digest);
    } else if (by.equals(ECDSA)) {
      checkEcdsa(hash, signature, digest);
    } else if (hash.startsWith("streebog")) {
      throw Refusal.unsupported("%s is not checked here".formatted(algorithm)).exception();
    } else {
      throw Refusal.invalid("%s does not go with %s".formatted(hash, algorithm)).exception();
    }
  }

  /**
   * Checks that {@code by} is possible for a signature by this key.
   *
   * @throws RefusedException if it is not
   */
  void requireFits(String by) throws RefusedException {
    boolean curve = algorithm.startsWith(ECDSA + "-");
    if (!algorithm.equals(by) && !(curve && by.equals(ECDSA))) {
      throw Refusal.rejected("signed by %s, and the key is of %s".formatted(by, algorithm))
          .exception();
    }
  }

  private static final String NOT_BY_KEY = "the signature is not by this key, or damaged";

  /** Checks an RSA signature like crypto/rsa.c and crypto/rsa-pkcs1pad.c. */
  private void checkRsa(String hash, byte[] signature, byte[] digest) throws RefusedException {
    Ber in = Ber.strict(contents, 0, contents.length);
    in.enter(Ber.SEQUENCE, "the key");
    byte[] modulus = in.contents(in.leaf(Ber.INTEGER, "the modulus"));
    byte[] exponent = in.contents(in.leaf(Ber.INTEGER, "the exponent"));
    in.leave("the key");
    if (modulus.length == 0 || exponent.length == 0 || exponent.length > modulus.length) {
      throw Refusal.invalid("the key's numbers are none").exception();
    }
    var n = new BigInteger(1, modulus);
    // The size in whole limbs, as mpi_get_size returns it.
    int size = (n.bitLength() + Long.SIZE - 1) / Long.SIZE * Long.BYTES;
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
    // Each case has a separate error. Nearly every wrong key gives the first.
    if (block[0] != 0) {
      throw Refusal.invalid(NOT_BY_KEY).exception();
    }
    if (block[1] != 1
        || padding - 2 < MIN_PADDING
        || padding == size
        || block[padding] != 0
        || size - start < info.length
        || !Arrays.equals(block, start, start + info.length, info, 0, info.length)) {
      throw Refusal.malformed(NOT_BY_KEY).exception();
    }
    if (!Arrays.equals(block, start + info.length, size, digest, 0, digest.length)) {
      throw Refusal.rejected("the signature is of other bytes").exception();
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
    Curve curve = CURVES.get(algorithm);
    if (curve == null) {
      throw Refusal.unsupported("%s is not checked here".formatted(algorithm)).exception();
    }
    Ber in = Ber.strict(signature, 0, signature.length);
    in.enter(Ber.SEQUENCE, "the signature's numbers");
    BigInteger r = curve.number(in.contents(in.leaf(Ber.INTEGER, "the signature's first number")));
    BigInteger s = curve.number(in.contents(in.leaf(Ber.INTEGER, "the signature's second number")));
    in.leave("the signature's numbers");
    var check = new ECDSASigner();
    check.init(false, new ECPublicKeyParameters(curve.point(contents), curve.domain()));
    if (!check.verifySignature(digest, r, s)) {
      throw Refusal.rejected("the signature is not of these bytes by this key").exception();
    }
  }

  /** The curves that are supported, by the kernel's names. */
  private static final Map<String, Curve> CURVES =
      Map.of(
          "ecdsa-nist-p192", Curve.named("P-192", 3),
          "ecdsa-nist-p256", Curve.named("P-256", 4),
          "ecdsa-nist-p384", Curve.named("P-384", 6),
          "ecdsa-nist-p521", Curve.named("P-521", 9));

  /**
   * Describes a curve.
   *
   * @param domain its numbers
   * @param digits the number of 64-bit digits that the kernel uses for a number
   */
  private record Curve(ECDomainParameters domain, int digits) {

    static Curve named(String name, int digits) {
      X9ECParameters curve = Objects.requireNonNull(ECNamedCurveTable.getByName(name));
      return new Curve(new ECDomainParameters(curve), digits);
    }

    /** Returns a number of a signature (ecdsa_get_signature_rs in crypto/ecdsa.c). */
    BigInteger number(byte[] bytes) throws RefusedException {
      int room = digits * Long.BYTES;
      if (bytes.length == 0 || bytes.length > room + 1 || (bytes.length > room && bytes[0] != 0)) {
        throw Refusal.invalid("a number of the signature is too long").exception();
      }
      return new BigInteger(1, bytes);
    }

    /** Returns the point of an uncompressed key (ecdsa_set_pub_key). */
    ECPoint point(byte[] key) throws RefusedException {
      int length = (key.length - 1) / 2;
      if (key.length % 2 == 0 || key[0] != 4 || (length + Long.BYTES - 1) / Long.BYTES != digits) {
        throw Refusal.invalid("the key is no point of its curve").exception();
      }
      var x = new BigInteger(1, Arrays.copyOfRange(key, 1, 1 + length));
      var y = new BigInteger(1, Arrays.copyOfRange(key, 1 + length, key.length));
      try {
        return domain.validatePublicPoint(domain.getCurve().createPoint(x, y));
      } catch (IllegalArgumentException notOnIt) {
        throw Refusal.invalid("the key is no point of its curve").exception();
      }
    }
  }
}
