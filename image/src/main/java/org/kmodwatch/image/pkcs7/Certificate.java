package org.kmodwatch.image.pkcs7;

import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A certificate as the kernel reads it (x509_cert_parse in crypto/asymmetric_keys). The kernel
 * refuses some that other software accepts. Reading does not check the dates, the usage, or whether
 * the certificate is one of an authority.
 *
 * @param id serial number and issuer of the certificate
 * @param keyIdentifier identifier of its key; null if it has none
 * @param key the key in the certificate
 * @param issuedBy serial number and issuer of its authority's certificate; null if it does not have
 *     them
 * @param issuedByKey identifier of its authority's key; null if it does not have it
 * @param algorithm algorithm of the certificate's signature
 * @param hash hash algorithm of the certificate's signature
 * @param signature bytes of the certificate's signature
 * @param digest digest of the signed bytes; null if it cannot be computed here
 * @param from begin of its validity, seconds since 1970
 * @param until end of its validity, seconds since 1970
 * @param selfSigned whether its own key signed it
 */
@SuppressWarnings("ArrayRecordComponent") // All certificates are different.
record Certificate(
    KeyId id,
    @Nullable KeyId keyIdentifier,
    PublicKey key,
    @Nullable KeyId issuedBy,
    @Nullable KeyId issuedByKey,
    String algorithm,
    String hash,
    byte[] signature,
    byte @Nullable [] digest,
    long from,
    long until,
    boolean selfSigned) {

  /**
   * Parses a certificate.
   *
   * @throws RefusedException if the kernel would refuse it
   */
  static Certificate parse(byte[] bytes, int start, int end) throws RefusedException {
    if (end - start > SignedMessage.MAX_BYTES) {
      throw new RefusedException(
          new Refusal(Refusal.Kind.WRONG, "EMSGSIZE", "a certificate that is too long"));
    }
    return new Parser(bytes, start, end).parse();
  }

  /** Checks the certificate's own signature with its authority's key. */
  void checkSignedBy(PublicKey authority) throws RefusedException {
    authority.requireFits(algorithm);
    if (digest == null) {
      throw Refusal.unsupported("the digest %s is not checked here".formatted(hash)).exception();
    }
    authority.check(algorithm, hash, signature, digest);
  }

  /**
   * Returns the seconds since 1970 of a UTCTime or a GeneralizedTime (x509_decode_time).
   *
   * @throws RefusedException if the kernel refuses the time
   */
  static long seconds(int tag, byte[] text) throws RefusedException {
    boolean utc = tag == Ber.UTC_TIME;
    if (!(utc || tag == Ber.GENERALIZED_TIME) || text.length != (utc ? 13 : 15)) {
      throw noTime();
    }
    int at = 0;
    int year = twoDigits(text, at);
    at += 2;
    if (utc) {
      year += year >= 50 ? 1900 : 2000;
    } else {
      year = year * 100 + twoDigits(text, at);
      at += 2;
      if (year >= 1950 && year <= 2049) {
        throw noTime();
      }
    }
    int month = twoDigits(text, at);
    int day = twoDigits(text, at + 2);
    int hour = twoDigits(text, at + 4);
    int minute = twoDigits(text, at + 6);
    int second = twoDigits(text, at + 8);
    if (text[at + 10] != 'Z' || year < 1970 || hour > 24 || minute > 59 || second > 60) {
      throw noTime();
    }
    try {
      return LocalDate.of(year, month, day).toEpochDay() * 86_400
          + hour * 3600L
          + minute * 60L
          + second;
    } catch (DateTimeException e) {
      throw noTime();
    }
  }

  private static int twoDigits(byte[] text, int at) throws RefusedException {
    int tens = text[at] - '0';
    int ones = text[at + 1] - '0';
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) {
      throw noTime();
    }
    return tens * 10 + ones;
  }

  private static RefusedException noTime() {
    return Refusal.malformed("a time that is none").exception();
  }

  /** Parses a certificate by the kernel's grammars, x509.asn1 and x509_akid.asn1. */
  private static final class Parser {

    private static final int EXPLICIT = Ber.TAGGED | Ber.CONSTRUCTED;

    private final byte[] bytes;
    private final Ber in;
    private byte @Nullable [] parameters;
    private @Nullable PublicKey key;
    private @Nullable KeyId keyIdentifier;
    private @Nullable KeyId issuedBy;
    private @Nullable KeyId issuedByKey;
    private byte @Nullable [] authority;

    Parser(byte[] bytes, int start, int end) {
      this.bytes = bytes;
      this.in = Ber.strict(bytes, start, end);
    }

    Certificate parse() throws RefusedException {
      in.enter(Ber.SEQUENCE, "a certificate");
      int tbsAt = in.position();
      in.enter(Ber.SEQUENCE, "the certificate's contents");
      if (in.isNext(EXPLICIT)) {
        in.enter(EXPLICIT, "the certificate's version");
        in.leaf(Ber.INTEGER, "the certificate's version");
        in.leave("the certificate's version");
      }
      byte[] serial = in.contents(in.leaf(Ber.INTEGER, "the certificate's serial number"));
      Oid signed = signatureAlgorithm(algorithm());
      byte[] issuer = name("the certificate's issuer");
      in.enter(Ber.SEQUENCE, "the certificate's dates");
      Ber.Element first = in.any("the certificate's first date");
      long from = seconds(first.tag(), in.contents(first));
      // The kernel's decoder accepts a single date for both.
      Ber.Element last = in.isAtEnd() ? first : in.any("the certificate's last date");
      long until = seconds(last.tag(), in.contents(last));
      in.leave("the certificate's dates");
      byte[] subject = name("the certificate's subject");
      publicKey();
      for (int number = 1; number <= 2; number++) {
        if (in.isNext(Ber.TAGGED | number)) {
          in.leaf(Ber.TAGGED | number, "a unique identifier");
        }
      }
      if (in.isNext(EXPLICIT | 3)) {
        extensions();
      }
      Ber.Element tbs = in.leave("the certificate's contents");
      Oid again = Oid.of(algorithm());
      byte[] signature = in.contents(in.leaf(Ber.BIT_STRING, "the certificate's signature"));
      if (again != signed) {
        throw Refusal.invalid("the certificate names two algorithms of its signature").exception();
      }
      signature = withoutUnusedBits(signature, "the certificate's signature");
      in.leave("a certificate");
      if (authority != null) {
        authorityKeyIdentifier(authority);
      }
      return made(
          KeyId.of(serial, issuer),
          Arrays.equals(subject, issuer),
          signed,
          signature,
          Arrays.copyOfRange(bytes, tbsAt, tbs.end()),
          from,
          until);
    }

    private Certificate made(
        KeyId id,
        boolean issuerIsSubject,
        Oid signed,
        byte[] signature,
        byte[] contents,
        long from,
        long until)
        throws RefusedException {
      PublicKey ownKey = key;
      String hash = signed.hash();
      if (ownKey == null || hash == null) {
        throw new AssertionError("a certificate without a key");
      }
      byte[] digest;
      try {
        MessageDigest function = PublicKey.digest(hash);
        digest = function.digest(contents);
      } catch (RefusedException unsupported) {
        digest = null;
      }
      var unsure =
          new Certificate(
              id,
              keyIdentifier,
              ownKey,
              issuedBy,
              issuedByKey,
              keyAlgorithm(signed),
              hash,
              signature,
              digest,
              from,
              until,
              false);
      return issuerIsSubject && unsure.isSelfSigned() ? unsure.markedSelfSigned() : unsure;
    }

    private static String keyAlgorithm(Oid signed) {
      if (signed.name().startsWith("ECDSA")) {
        return PublicKey.ECDSA;
      }
      return signed.name().startsWith("GOST") ? PublicKey.ECRDSA : PublicKey.RSA;
    }

    /**
     * Returns the object identifier of an AlgorithmIdentifier, and sets {@code parameters} to its
     * parameters.
     */
    private byte[] algorithm() throws RefusedException {
      in.enter(Ber.SEQUENCE, "an algorithm");
      byte[] oid = in.contents(in.leaf(Ber.OBJECT_IDENTIFIER, "an algorithm"));
      parameters = null;
      if (!in.isAtEnd()) {
        Ber.Element element = in.any("an algorithm's parameters");
        parameters = Arrays.copyOfRange(bytes, element.headerAt(), element.end());
      }
      in.leave("an algorithm");
      return oid;
    }

    private static Oid signatureAlgorithm(byte[] contents) throws RefusedException {
      Oid oid = Oid.of(contents);
      return switch (oid) {
        case SHA1_WITH_RSA,
            SHA224_WITH_RSA,
            SHA256_WITH_RSA,
            SHA384_WITH_RSA,
            SHA512_WITH_RSA,
            SHA3_256_WITH_RSA,
            SHA3_384_WITH_RSA,
            SHA3_512_WITH_RSA,
            ECDSA_WITH_SHA1,
            ECDSA_WITH_SHA224,
            ECDSA_WITH_SHA256,
            ECDSA_WITH_SHA384,
            ECDSA_WITH_SHA512,
            ECDSA_WITH_SHA3_256,
            ECDSA_WITH_SHA3_384,
            ECDSA_WITH_SHA3_512,
            GOST_SIGNATURE_256,
            GOST_SIGNATURE_512 ->
            oid;
        default ->
            throw Refusal.unsupported(
                    "a certificate signed by %s, which kernels do not check"
                        .formatted(Oid.name(contents)))
                .exception();
      };
    }

    private byte[] name(String what) throws RefusedException {
      return in.contents(DistinguishedNames.read(in, what));
    }

    private void publicKey() throws RefusedException {
      in.enter(Ber.SEQUENCE, "the certificate's key");
      byte[] oid = algorithm();
      byte[] contents = in.contents(in.leaf(Ber.BIT_STRING, "the certificate's key"));
      String algorithm =
          switch (Oid.of(oid)) {
            case RSA -> PublicKey.RSA;
            case GOST_KEY_256, GOST_KEY_512 -> PublicKey.ECRDSA;
            case EC_PUBLIC_KEY -> curve();
            default -> throw unsupportedKey(Oid.name(oid));
          };
      contents = withoutUnusedBits(contents, "the certificate's key");
      in.leave("the certificate's key");
      key = new PublicKey(algorithm, contents);
    }

    private String curve() throws RefusedException {
      byte[] oid = parameters;
      if (oid == null
          || oid.length < 3
          || oid[0] != Ber.OBJECT_IDENTIFIER
          || (oid[1] & 0xff) != oid.length - 2) {
        throw Refusal.malformed("a curve that is none").exception();
      }
      byte[] contents = Arrays.copyOfRange(oid, 2, oid.length);
      return switch (Oid.of(contents)) {
        case P192 -> "ecdsa-nist-p192";
        case P256 -> "ecdsa-nist-p256";
        case P384 -> "ecdsa-nist-p384";
        case P521 -> "ecdsa-nist-p521";
        default -> throw unsupportedKey("ECDSA on " + Oid.name(contents));
      };
    }

    private static RefusedException unsupportedKey(String name) {
      return Refusal.unsupported(
              "a certificate with a key of %s, which kernels do not check".formatted(name))
          .exception();
    }

    private static byte[] withoutUnusedBits(byte[] bits, String what) throws RefusedException {
      if (bits.length < 1 || bits[0] != 0) {
        throw Refusal.malformed(what + " is not of whole bytes").exception();
      }
      return Arrays.copyOfRange(bits, 1, bits.length);
    }

    private void extensions() throws RefusedException {
      in.enter(EXPLICIT | 3, "the extensions");
      in.enter(Ber.SEQUENCE, "the extensions");
      do {
        in.enter(Ber.SEQUENCE, "an extension");
        Oid oid = Oid.of(in.contents(in.leaf(Ber.OBJECT_IDENTIFIER, "an extension")));
        if (in.isNext(Ber.BOOLEAN)) {
          in.leaf(Ber.BOOLEAN, "an extension");
        }
        extension(oid, in.contents(in.leaf(Ber.OCTET_STRING, "an extension")));
        in.leave("an extension");
      } while (in.more());
      in.leave("the extensions");
      in.leave("the extensions");
    }

    /** Processes an extension like x509_process_extension of 6.12. Older kernels process fewer. */
    private void extension(Oid oid, byte[] value) throws RefusedException {
      switch (oid) {
        case SUBJECT_KEY_IDENTIFIER -> {
          if (keyIdentifier != null
              || value.length < 3
              || value[0] != Ber.OCTET_STRING
              || (value[1] & 0xff) != value.length - 2) {
            throw badExtension("identifier of its key");
          }
          keyIdentifier = KeyId.of(Arrays.copyOfRange(value, 2, value.length));
        }
        case KEY_USAGE -> {
          if (value.length < 4 || value[0] != Ber.BIT_STRING || (value[2] & 0xff) >= 8) {
            throw badExtension("usage of its key");
          }
        }
        case BASIC_CONSTRAINTS -> {
          boolean empty = value.length >= 2 && value[1] == 0;
          boolean authority =
              value.length >= 5 && value[2] == Ber.BOOLEAN && value[3] == 1 && value[4] == -1;
          if (value.length < 2
              || value[0] != Ber.SEQUENCE
              || (value[1] & 0xff) != value.length - 2
              || !(empty || authority)) {
            throw badExtension("constraints");
          }
        }
        case AUTHORITY_KEY_IDENTIFIER -> authority = value;
        default -> {
          // The kernel ignores all others.
        }
      }
    }

    private static RefusedException badExtension(String what) {
      return Refusal.malformed("a certificate whose extension for the %s is none".formatted(what))
          .exception();
    }

    private void authorityKeyIdentifier(byte[] value) throws RefusedException {
      String what = "the identifier of the authority";
      Ber from = Ber.strict(value, 0, value.length);
      byte[] issuer = null;
      from.enter(Ber.SEQUENCE, what);
      if (from.isNext(Ber.TAGGED)) {
        issuedByKey = KeyId.of(from.contents(from.leaf(Ber.TAGGED, what)));
      }
      if (from.isNext(EXPLICIT | 1)) {
        from.enter(EXPLICIT | 1, what);
        do {
          // The kernel accepts an empty list.
          byte[] name = from.isAtEnd() ? null : generalName(from, what);
          issuer = name == null ? issuer : name;
        } while (from.more());
        from.leave(what);
      }
      if (from.isNext(Ber.TAGGED | 2)) {
        byte[] serial = from.contents(from.leaf(Ber.TAGGED | 2, what));
        if (issuer != null) {
          issuedBy = KeyId.of(serial, issuer);
        }
      }
      from.leave(what);
    }

    /** Returns the contents of a directoryName; null for other names. */
    private static byte @Nullable [] generalName(Ber from, String what) throws RefusedException {
      byte[] directoryName = null;
      if (from.isNext(EXPLICIT | 4)) {
        from.enter(EXPLICIT | 4, what);
        directoryName = from.contents(DistinguishedNames.read(from, what));
        from.leave(what);
        return directoryName;
      }
      if (from.isNext(EXPLICIT)) {
        from.enter(EXPLICIT, what);
        from.leaf(Ber.OBJECT_IDENTIFIER, what);
        wrapped(from, EXPLICIT, what);
        from.leave(what);
        return null;
      }
      if (from.isNext(EXPLICIT | 3)) {
        wrapped(from, EXPLICIT | 3, what);
        return null;
      }
      if (from.isNext(EXPLICIT | 5)) {
        from.enter(EXPLICIT | 5, what);
        if (from.isNext(EXPLICIT)) {
          wrapped(from, EXPLICIT, what);
        }
        wrapped(from, EXPLICIT | 1, what);
        from.leave(what);
        return null;
      }
      for (int number : new int[] {1, 2, 6, 7, 8}) {
        if (from.isNext(Ber.TAGGED | number)) {
          from.leaf(Ber.TAGGED | number, what);
          return null;
        }
      }
      throw Refusal.malformed(what + " has a name that is none").exception();
    }

    private static void wrapped(Ber from, int tag, String what) throws RefusedException {
      from.enter(tag, what);
      from.any(what);
      from.leave(what);
    }
  }

  /**
   * Returns whether the certificate is self-signed (x509_check_for_self_signed). Its issuer and its
   * subject are equal.
   */
  private boolean isSelfSigned() throws RefusedException {
    if (issuedBy != null || issuedByKey != null) {
      boolean byKey = KeyId.isSame(keyIdentifier, issuedByKey);
      boolean byId = KeyId.isSame(id, issuedBy);
      if (!byKey && !byId) {
        return false;
      }
      if (byKey != byId && issuedBy != null && issuedByKey != null) {
        throw Refusal.rejected("a certificate that names two authorities").exception();
      }
    }
    try {
      checkSignedBy(key);
      return true;
    } catch (RefusedException e) {
      // The kernel may refuse a signature that cannot be checked here, so it is not ignored.
      throw new RefusedException(
          new Refusal(
              e.refusal().kind(),
              e.refusal().error(),
              "a certificate that its own key did not sign: " + e.refusal().why()));
    }
  }

  private Certificate markedSelfSigned() {
    return new Certificate(
        id,
        keyIdentifier,
        key,
        issuedBy,
        issuedByKey,
        algorithm,
        hash,
        signature,
        digest,
        from,
        until,
        true);
  }
}
