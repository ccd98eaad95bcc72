package org.kmodwatch.image.pkcs7;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.jspecify.annotations.Nullable;

/** The object identifiers that the check supports (include/linux/oid_registry.h). */
enum Oid {
  DATA("1.2.840.113549.1.7.1"),
  SIGNED_DATA("1.2.840.113549.1.7.2"),
  MS_INDIRECT_DATA("1.3.6.1.4.1.311.2.1.4"),

  CONTENT_TYPE("1.2.840.113549.1.9.3"),
  MESSAGE_DIGEST("1.2.840.113549.1.9.4"),
  SIGNING_TIME("1.2.840.113549.1.9.5"),
  SMIME_CAPABILITIES("1.2.840.113549.1.9.15"),
  MS_STATEMENT_TYPE("1.3.6.1.4.1.311.2.1.11"),
  MS_SP_OPUS_INFO("1.3.6.1.4.1.311.2.1.12"),

  SHA1("1.3.14.3.2.26", "sha1"),
  SHA224("2.16.840.1.101.3.4.2.4", "sha224"),
  SHA256("2.16.840.1.101.3.4.2.1", "sha256"),
  SHA384("2.16.840.1.101.3.4.2.2", "sha384"),
  SHA512("2.16.840.1.101.3.4.2.3", "sha512"),
  SHA3_256("2.16.840.1.101.3.4.2.8", "sha3-256"),
  SHA3_384("2.16.840.1.101.3.4.2.9", "sha3-384"),
  SHA3_512("2.16.840.1.101.3.4.2.10", "sha3-512"),
  SM3("1.2.156.10197.1.401", "sm3"),
  STREEBOG256("1.2.643.7.1.1.2.2", "streebog256"),
  STREEBOG512("1.2.643.7.1.1.2.3", "streebog512"),

  RSA("1.2.840.113549.1.1.1"),
  SHA1_WITH_RSA("1.2.840.113549.1.1.5", "sha1"),
  SHA224_WITH_RSA("1.2.840.113549.1.1.14", "sha224"),
  SHA256_WITH_RSA("1.2.840.113549.1.1.11", "sha256"),
  SHA384_WITH_RSA("1.2.840.113549.1.1.12", "sha384"),
  SHA512_WITH_RSA("1.2.840.113549.1.1.13", "sha512"),
  SHA3_256_WITH_RSA("2.16.840.1.101.3.4.3.14", "sha3-256"),
  SHA3_384_WITH_RSA("2.16.840.1.101.3.4.3.15", "sha3-384"),
  SHA3_512_WITH_RSA("2.16.840.1.101.3.4.3.16", "sha3-512"),

  EC_PUBLIC_KEY("1.2.840.10045.2.1"),
  P192("1.2.840.10045.3.1.1"),
  P256("1.2.840.10045.3.1.7"),
  P384("1.3.132.0.34"),
  P521("1.3.132.0.35"),
  ECDSA_WITH_SHA1("1.2.840.10045.4.1", "sha1"),
  ECDSA_WITH_SHA224("1.2.840.10045.4.3.1", "sha224"),
  ECDSA_WITH_SHA256("1.2.840.10045.4.3.2", "sha256"),
  ECDSA_WITH_SHA384("1.2.840.10045.4.3.3", "sha384"),
  ECDSA_WITH_SHA512("1.2.840.10045.4.3.4", "sha512"),
  ECDSA_WITH_SHA3_256("2.16.840.1.101.3.4.3.10", "sha3-256"),
  ECDSA_WITH_SHA3_384("2.16.840.1.101.3.4.3.11", "sha3-384"),
  ECDSA_WITH_SHA3_512("2.16.840.1.101.3.4.3.12", "sha3-512"),

  GOST_KEY_256("1.2.643.7.1.1.1.1"),
  GOST_KEY_512("1.2.643.7.1.1.1.2"),
  GOST_SIGNATURE_256("1.2.643.7.1.1.3.2", "streebog256"),
  GOST_SIGNATURE_512("1.2.643.7.1.1.3.3", "streebog512"),

  SUBJECT_KEY_IDENTIFIER("2.5.29.14"),
  KEY_USAGE("2.5.29.15"),
  BASIC_CONSTRAINTS("2.5.29.19"),
  AUTHORITY_KEY_IDENTIFIER("2.5.29.35"),

  /** The identifier is not in this list. */
  UNKNOWN("0.0");

  /**
   * DistinguishedNames of identifiers in common use that the kernel does not know, for messages.
   */
  private static final Map<String, String> OTHERS =
      Map.ofEntries(
          Map.entry("1.2.840.113549.2.4", "md4"),
          Map.entry("1.2.840.113549.2.5", "md5"),
          Map.entry("1.3.36.3.2.1", "rmd160"),
          Map.entry("2.16.840.1.101.3.4.2.5", "sha512-224"),
          Map.entry("2.16.840.1.101.3.4.2.6", "sha512-256"),
          Map.entry("2.16.840.1.101.3.4.2.7", "sha3-224"),
          Map.entry("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
          Map.entry("1.2.840.113549.1.1.7", "RSAES-OAEP"),
          Map.entry("1.2.840.113549.1.1.10", "RSASSA-PSS"),
          Map.entry("1.2.840.10040.4.1", "DSA"),
          Map.entry("2.16.840.1.101.3.4.3.2", "DSA with sha256"),
          Map.entry("1.3.101.112", "Ed25519"),
          Map.entry("1.3.101.113", "Ed448"),
          Map.entry("1.3.132.0.10", "secp256k1"),
          Map.entry("1.2.156.10197.1.301", "SM2"));

  private static final Map<String, Oid> BY_CONTENTS =
      Stream.of(values())
          .filter(oid -> !oid.dotted.equals("0.0"))
          .collect(Collectors.toMap(oid -> hex(contents(oid.dotted)), oid -> oid));

  private final String dotted;
  private final @Nullable String hash;

  Oid(String dotted) {
    this(dotted, null);
  }

  Oid(String dotted, @Nullable String hash) {
    this.dotted = dotted;
    this.hash = hash;
  }

  /**
   * Returns the identifier with exactly these bytes. Another encoding of the same number is {@link
   * #UNKNOWN}.
   */
  static Oid of(byte[] contents) {
    return BY_CONTENTS.getOrDefault(hex(contents), UNKNOWN);
  }

  /**
   * Returns the kernel's name for the hash algorithm that the identifier names; null if it names
   * none.
   */
  @Nullable String hash() {
    return hash;
  }

  /** Returns text for a person: the name if one is known, else the number. */
  static String name(byte[] contents) {
    Oid known = of(contents);
    if (known != UNKNOWN) {
      return known.words();
    }
    try {
      String dotted = ASN1ObjectIdentifier.fromContents(contents).getId();
      return OTHERS.getOrDefault(dotted, dotted);
    } catch (IllegalArgumentException none) {
      return "the object identifier 0x" + hex(contents);
    }
  }

  private String words() {
    if (name().endsWith("_WITH_RSA")) {
      return hash + "WithRSAEncryption";
    }
    if (name().startsWith("ECDSA_WITH_")) {
      return "ecdsa-with-" + hash;
    }
    return switch (this) {
      case RSA -> "rsaEncryption";
      case EC_PUBLIC_KEY -> "id-ecPublicKey";
      default -> hash == null ? dotted : hash;
    };
  }

  private static byte[] contents(String dotted) {
    try {
      byte[] der = new ASN1ObjectIdentifier(dotted).getEncoded();
      return Arrays.copyOfRange(der, 2, der.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
