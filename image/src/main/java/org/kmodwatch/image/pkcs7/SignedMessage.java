package org.kmodwatch.image.pkcs7;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A PKCS#7 message as the kernel reads it (pkcs7_parse_message in crypto/asymmetric_keys).
 *
 * <p>If possible, reading continues after an error that the kernel refuses, to find the signers.
 *
 * @param signers the signers that could be read, in the order of the message
 * @param certificates the certificates in the message
 * @param hasContent whether the message contains the signed content
 * @param isData whether its content type is data, and not Authenticode
 * @param refused the first error that the kernel finds while it reads; null without an error
 */
public record SignedMessage(
    List<Signer> signers,
    List<Certificate> certificates,
    boolean hasContent,
    boolean isData,
    @Nullable Refusal refused) {

  /** The largest message that the kernel's decoder accepts, in bytes. */
  public static final int MAX_BYTES = 65_535;

  /**
   * The largest number of signers. Modules have one. The kernel's only limit is the message's size.
   */
  private static final int MAX_SIGNERS = 16;

  /**
   * Copies the lists.
   *
   * @param signers the signers that could be read, in the order of the message
   * @param certificates the certificates in the message
   */
  public SignedMessage {
    signers = List.copyOf(signers);
    certificates = List.copyOf(certificates);
  }

  /**
   * Describes a signer and its signature.
   *
   * @param issuer the contents of the SEQUENCE that names the issuer of the signer's certificate;
   *     null if the signer is named by the identifier of the key
   * @param serial the contents of the INTEGER that is the number of that certificate; null if
   *     {@code issuer} is
   * @param identifier identifier of the key; null if the signer is named by its certificate
   * @param digestAlgorithm for example {@code sha256}; a number if it has no name here
   * @param hash the kernel's name for the digest algorithm; null if the kernel does not know it
   * @param algorithm the kernel's name for the signature algorithm; null if the kernel does not
   *     know it
   * @param signature the bytes of the signature itself
   * @param hasAttributes whether attributes were signed, and not the module
   * @param signingTime seconds since 1970; null if the message has no time
   * @param id the identifier by which the kernel looks for the key
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record Signer(
      byte @Nullable [] issuer,
      byte @Nullable [] serial,
      byte @Nullable [] identifier,
      @Nullable String digestAlgorithm,
      @Nullable String hash,
      @Nullable String algorithm,
      byte[] signature,
      boolean hasAttributes,
      @Nullable Long signingTime,
      KeyId id) {}

  /** Returns the result for a message of more than {@value #MAX_BYTES} bytes, which is not read. */
  private static SignedMessage tooLong() {
    return new SignedMessage(
        List.of(),
        List.of(),
        false,
        false,
        new Refusal(
            Refusal.Kind.WRONG,
            "EMSGSIZE",
            "the signature is longer than the %,d bytes that kernels read".formatted(MAX_BYTES)));
  }

  /**
   * Reads the signers without certificates. Certificates may take more time than a caller has that
   * needs only the signers.
   */
  public static SignedMessage signersOf(byte[] message) {
    return parse(message, false);
  }

  /**
   * Reads all of {@code message}, for any content. Certificates are read as the kernel checks them.
   */
  public static SignedMessage parse(byte[] message) {
    return parse(message, true);
  }

  private static SignedMessage parse(byte[] message, boolean readsCertificates) {
    if (message.length > MAX_BYTES) {
      return tooLong();
    }
    var parser = new Parser(message, readsCertificates);
    parser.parse();
    return new SignedMessage(
        parser.signers, parser.certificates, parser.hasContent, parser.isData, parser.refused);
  }

  /**
   * Returns the error that the kernel reports before it looks at any key; empty without an error.
   */
  Optional<Refusal> refusal() {
    if (refused != null) {
      return Optional.of(refused);
    }
    if (signers.isEmpty()) {
      return Optional.of(Refusal.invalid("the signature has no signer"));
    }
    if (signers.stream().map(Signer::hasAttributes).distinct().count() > 1) {
      return Optional.of(Refusal.invalid("some signers signed attributes and some did not"));
    }
    if (hasContent) {
      return Optional.of(Refusal.malformed("the signature has its own content inside"));
    }
    if (!isData) {
      return Optional.of(Refusal.rejected("the signature is Authenticode"));
    }
    if (signers.getFirst().hasAttributes()) {
      return Optional.of(
          Refusal.rejected("attributes are signed, and not the module (openssl cms: -noattr)"));
    }
    return Optional.empty();
  }

  /** Parses a message by the kernel's grammar, pkcs7.asn1. */
  private static final class Parser {

    private static final int EXPLICIT = Ber.TAGGED | Ber.CONSTRUCTED;

    private final List<Signer> signers = new ArrayList<>();
    private final List<Certificate> certificates = new ArrayList<>();
    private final byte[] message;
    private final boolean readsCertificates;
    private final Ber in;
    private boolean hasContent;
    private boolean isData;
    private @Nullable Refusal refused;
    private int version;

    /** The fields of the last signer, which the kernel keeps for the next. */
    private byte[] issuer = {};

    private byte[] serial = {};
    private byte[] identifier = {};

    Parser(byte[] message, boolean readsCertificates) {
      this.message = message;
      this.readsCertificates = readsCertificates;
      this.in = new Ber(message, 0, message.length, this::refuse);
    }

    private void refuse(Refusal refusal) {
      if (refused == null) {
        refused = refusal;
      }
    }

    void parse() {
      try {
        in.enter(Ber.SEQUENCE, "the signature");
        byte[] type = in.contents(in.leaf(Ber.OBJECT_IDENTIFIER, "the signature's type"));
        if (Oid.of(type) != Oid.SIGNED_DATA) {
          refuse(Refusal.invalid("the signature is no PKCS#7 signed data, but " + Oid.name(type)));
        }
        if (in.isNext(EXPLICIT)) {
          in.enter(EXPLICIT, "the signature");
          signedData();
          in.leave("the signature");
        }
        in.leave("the signature");
      } catch (RefusedException e) {
        refuse(e.refusal());
      }
    }

    private void signedData() throws RefusedException {
      in.enter(Ber.SEQUENCE, "the signed data");
      version = version("the signed data");
      digestAlgorithms();
      contentInfo();
      certificates();
      revocationLists();
      signers();
      in.leave("the signed data");
    }

    private int version(String what) throws RefusedException {
      byte[] number = in.contents(in.leaf(Ber.INTEGER, "the version of " + what));
      if (number.length != 1 || (number[0] != 1 && number[0] != 3)) {
        refuse(Refusal.invalid(what + " is of a version that kernels do not know"));
        return 0;
      }
      return number[0];
    }

    private void digestAlgorithms() throws RefusedException {
      enterEither(Ber.SET, Ber.SEQUENCE, "the digest algorithms");
      if (in.more()) {
        do {
          algorithm("a digest algorithm");
        } while (in.more());
      } else {
        refuse(Refusal.malformed("the signature has no digest algorithm"));
      }
      in.leave("the digest algorithms");
    }

    private void contentInfo() throws RefusedException {
      in.enter(Ber.SEQUENCE, "the content");
      byte[] type = in.contents(in.leaf(Ber.OBJECT_IDENTIFIER, "the content's type"));
      if (in.isNext(EXPLICIT)) {
        in.enter(EXPLICIT, "the content");
        in.any("the content");
        in.leave("the content");
        hasContent = true;
      }
      in.leave("the content");
      Oid oid = Oid.of(type);
      isData = oid == Oid.DATA;
      if (!isData && oid != Oid.MS_INDIRECT_DATA) {
        refuse(Refusal.invalid("the signature is not of data, but of " + Oid.name(type)));
      }
    }

    private void certificates() throws RefusedException {
      if (in.isNext(EXPLICIT)) {
        in.enter(EXPLICIT, "the certificates");
        do {
          // The kernel accepts an empty set.
          if (!in.isAtEnd()) {
            certificate(true);
          }
        } while (in.more());
        in.leave("the certificates");
      } else if (in.isNext(EXPLICIT | 2)) {
        in.enter(EXPLICIT | 2, "the certificates");
        do {
          certificate(true);
        } while (in.more());
        in.leave("the certificates");
      }
    }

    /** Reads revocation lists. The kernel parses their contents as certificates, and drops them. */
    private void revocationLists() throws RefusedException {
      int tag = in.isNext(EXPLICIT | 1) ? EXPLICIT | 1 : EXPLICIT | 3;
      if (!in.isNext(tag)) {
        return;
      }
      in.enter(tag, "the revocation lists");
      do {
        in.enter(Ber.SEQUENCE, "a revocation list");
        do {
          certificate(false);
        } while (in.more());
        in.leave("a revocation list");
      } while (in.more());
      in.leave("the revocation lists");
    }

    private void certificate(boolean keep) throws RefusedException {
      Ber.Element element = in.any("a certificate");
      if (!readsCertificates) {
        return;
      }
      try {
        if (element.tag() != Ber.SEQUENCE) {
          throw Refusal.malformed("a certificate inside of the signature is none").exception();
        }
        Certificate certificate = Certificate.parse(message, element.headerAt(), element.end());
        if (keep) {
          certificates.add(certificate);
        }
      } catch (RefusedException e) {
        refuse(
            new Refusal(
                e.refusal().kind(),
                e.refusal().error(),
                "inside of the signature, " + e.refusal().why()));
      }
    }

    private void signers() throws RefusedException {
      if (in.isAtEnd()) {
        return;
      }
      enterEither(Ber.SET, Ber.SEQUENCE, "the signers");
      do {
        if (signers.size() == MAX_SIGNERS) {
          throw Refusal.unsupported(
                  "the signature has more than %d signers, and is not checked here"
                      .formatted(MAX_SIGNERS))
              .exception();
        }
        signer();
      } while (in.more());
      in.leave("the signers");
    }

    private void signer() throws RefusedException {
      in.enter(Ber.SEQUENCE, "a signer");
      int ofSigner = version("a signer");
      boolean byIdentifier = ofSigner == 3;
      if (ofSigner != 0 && version != 0 && byIdentifier != (version == 3)) {
        refuse(
            Refusal.malformed(
                "the signed data is of version %d, a signer of version %d"
                    .formatted(version, ofSigner)));
      }
      boolean named = in.isNext(Ber.SEQUENCE);
      if (named) {
        in.enter(Ber.SEQUENCE, "the signer's name");
        issuer = in.contents(DistinguishedNames.read(in, "the signer's name"));
        serial = in.contents(in.leaf(Ber.INTEGER, "the signer's number"));
        in.leave("the signer's name");
      } else {
        identifier = in.contents(in.leaf(Ber.TAGGED, "the signer's name"));
      }
      // The signer is kept although an exception may follow.
      int place = signers.size();
      Signer soFar =
          new Signer(
              named ? issuer : null,
              named ? serial : null,
              named ? null : identifier,
              null,
              null,
              null,
              new byte[0],
              false,
              null,
              byIdentifier ? KeyId.of(identifier) : KeyId.of(serial, issuer));
      signers.add(soFar);
      byte[] digestOid = algorithm("the signer's digest algorithm");
      String digestName = Oid.name(digestOid);
      String hash = hash(digestOid);
      if (hash == null) {
        refuse(
            Refusal.unsupported(
                "the digest algorithm is %s, which kernels do not check".formatted(digestName)));
      }
      signers.set(place, with(soFar, digestName, hash, null, new byte[0], false, null));
      var attributes = new Attributes();
      boolean hasAttributes = attributes.read();
      byte[] oid = algorithm("the signer's algorithm");
      String algorithm = signatureAlgorithm(oid);
      if (algorithm == null) {
        refuse(
            Refusal.unsupported(
                "the signature's algorithm is %s, which kernels do not check"
                    .formatted(Oid.name(oid))));
      }
      byte[] signature = in.contents(in.leaf(Ber.OCTET_STRING, "the signature's bytes"));
      unsignedAttributes();
      in.leave("a signer");
      if (!isData && !hasAttributes) {
        refuse(Refusal.malformed("Authenticode without attributes"));
      }
      signers.set(
          place,
          with(
              soFar,
              digestName,
              hash,
              algorithm,
              signature,
              hasAttributes,
              attributes.signingTime));
    }

    private static Signer with(
        Signer signer,
        String digestName,
        @Nullable String hash,
        @Nullable String algorithm,
        byte[] signature,
        boolean hasAttributes,
        @Nullable Long signingTime) {
      return new Signer(
          signer.issuer(),
          signer.serial(),
          signer.identifier(),
          digestName,
          hash,
          algorithm,
          signature,
          hasAttributes,
          signingTime,
          signer.id());
    }

    /**
     * Returns the hash name like pkcs7_sig_note_digest_algo of 6.12. Linux 6.1 also accepts MD4 and
     * MD5, and no SHA-3.
     */
    private static @Nullable String hash(byte[] oid) {
      return switch (Oid.of(oid)) {
        case SHA1,
            SHA224,
            SHA256,
            SHA384,
            SHA512,
            SHA3_256,
            SHA3_384,
            SHA3_512,
            SM3,
            STREEBOG256,
            STREEBOG512 ->
            Oid.of(oid).hash();
        default -> null;
      };
    }

    /** Returns the algorithm name like pkcs7_sig_note_pkey_algo. */
    private static @Nullable String signatureAlgorithm(byte[] oid) {
      return switch (Oid.of(oid)) {
        case RSA -> PublicKey.RSA;
        case ECDSA_WITH_SHA1,
            ECDSA_WITH_SHA224,
            ECDSA_WITH_SHA256,
            ECDSA_WITH_SHA384,
            ECDSA_WITH_SHA512,
            ECDSA_WITH_SHA3_256,
            ECDSA_WITH_SHA3_384,
            ECDSA_WITH_SHA3_512 ->
            PublicKey.ECDSA;
        case GOST_KEY_256, GOST_KEY_512 -> PublicKey.ECRDSA;
        default -> null;
      };
    }

    /** Returns the object identifier of an AlgorithmIdentifier. */
    private byte[] algorithm(String what) throws RefusedException {
      in.enter(Ber.SEQUENCE, what);
      byte[] oid = in.contents(in.leaf(Ber.OBJECT_IDENTIFIER, what));
      if (!in.isAtEnd()) {
        in.any(what);
      }
      in.leave(what);
      return oid;
    }

    private void unsignedAttributes() throws RefusedException {
      String what = "the unsigned attributes";
      int tag = in.isNext(EXPLICIT | 1) ? EXPLICIT | 1 : EXPLICIT | 3;
      if (!in.isNext(tag)) {
        return;
      }
      in.enter(tag, what);
      do {
        in.enter(Ber.SEQUENCE, what);
        in.leaf(Ber.OBJECT_IDENTIFIER, what);
        in.enter(Ber.SET, what);
        do {
          in.any(what);
        } while (in.more());
        in.leave(what);
        in.leave(what);
      } while (in.more());
      in.leave(what);
    }

    private void enterEither(int tag, int otherTag, String what) throws RefusedException {
      in.enter(in.isNext(tag) ? tag : otherTag, what);
    }

    /** Reads the signed attributes of one signer (pkcs7_sig_note_authenticated_attr). */
    private final class Attributes {

      private static final String WHAT = "the signed attributes";

      private final Set<Oid> seen = EnumSet.noneOf(Oid.class);
      private @Nullable Long signingTime;

      /**
       * Reads the attributes; returns whether they have the form that the kernel treats as signed.
       */
      boolean read() throws RefusedException {
        if (in.isNext(EXPLICIT)) {
          in.enter(EXPLICIT, WHAT);
          readAll();
          in.leave(WHAT);
          if (!seen.containsAll(EnumSet.of(Oid.CONTENT_TYPE, Oid.MESSAGE_DIGEST))) {
            refuse(Refusal.malformed(WHAT + " lack the content's type or the digest"));
          }
          return true;
        }
        if (in.isNext(EXPLICIT | 2)) {
          in.enter(EXPLICIT | 2, WHAT);
          in.enter(Ber.SEQUENCE, WHAT);
          readAll();
          in.leave(WHAT);
          in.leave(WHAT);
        }
        return false;
      }

      private void readAll() throws RefusedException {
        do {
          in.enter(Ber.SEQUENCE, WHAT);
          Oid type = Oid.of(in.contents(in.leaf(Ber.OBJECT_IDENTIFIER, WHAT)));
          in.enter(Ber.SET, WHAT);
          do {
            take(type, in.any(WHAT));
          } while (in.more());
          in.leave(WHAT);
          in.leave(WHAT);
        } while (in.more());
      }

      private void take(Oid type, Ber.Element value) {
        switch (type) {
          case CONTENT_TYPE,
              SIGNING_TIME,
              MESSAGE_DIGEST,
              SMIME_CAPABILITIES,
              MS_SP_OPUS_INFO,
              MS_STATEMENT_TYPE -> {
            if (!seen.add(type)) {
              refuse(Refusal.rejected(WHAT + " have one twice"));
              return;
            }
          }
          default -> {
            return;
          }
        }
        switch (type) {
          case CONTENT_TYPE -> {
            if (Oid.of(in.contents(value)) != (isData ? Oid.DATA : Oid.MS_INDIRECT_DATA)) {
              refuse(Refusal.malformed(WHAT + " name another type of content"));
            }
          }
          case SIGNING_TIME -> {
            try {
              signingTime = Certificate.seconds(value.tag(), in.contents(value));
            } catch (RefusedException e) {
              refuse(e.refusal());
            }
          }
          case MESSAGE_DIGEST -> {
            if (value.tag() != Ber.OCTET_STRING) {
              refuse(Refusal.malformed(WHAT + " have a digest that is none"));
            }
          }
          default -> {
            if (isData) {
              refuse(Refusal.rejected(WHAT + " have one of Authenticode"));
            }
          }
        }
      }
    }
  }
}
