package org.kmodwatch.image.signing;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.kmodwatch.image.signing.SignatureCases.Case.Answer;

/**
 * Provides signatures that a kernel accepts, refuses, or cannot check. Each has the kernel's
 * answer, recorded on Debian's 6.12 and 6.1 with the keys in its platform keyring.
 */
@NullMarked
public final class SignatureCases {

  public static final String DATA = "1.2.840.113549.1.7.1";
  public static final String SIGNED_DATA = "1.2.840.113549.1.7.2";
  public static final String RSA = "1.2.840.113549.1.1.1";
  public static final String SHA256 = "2.16.840.1.101.3.4.2.1";

  private static final byte[] MAGIC = ascii("~Module signature appended~\n");

  /**
   * Holds a signed module and the expected answer.
   *
   * @param name the name in messages
   * @param module the module with the signature
   * @param answer the answer of the kernel
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record Case(String name, byte[] module, Answer answer) {

    /** Says how the kernel answers a module, unless it enforces signatures. */
    public enum Answer {
      /** The kernel loads it without the taint for unsigned modules. */
      VALID,
      /** The kernel loads it with that taint, since it lacks the key: ENOKEY. */
      NO_KEY,
      /** The kernel loads it with that taint, since it cannot check it: ENOPKG. */
      UNSUPPORTED,
      /** The kernel does not load it. */
      WRONG
    }
  }

  private final byte[] module;
  private final List<Case> cases = new ArrayList<>();
  private final TestKey trusted = TestKey.named("key of host-1").make();
  private final TestKey authority = TestKey.named("authority of host-1").make();
  private final TestKey leaf =
      TestKey.named("leaf of host-1").issuer(authority).serial(BigInteger.TEN).make();
  private final TestKey odd =
      TestKey.named("key of 2560 bits").bits(2560).issuer(trusted).serial(BigInteger.TWO).make();
  private final TestKey stranger = TestKey.named("key of nobody").make();

  private SignatureCases(byte[] module) {
    this.module = module;
    make();
  }

  public static SignatureCases of(byte[] module) {
    return new SignatureCases(module);
  }

  public List<Case> all() {
    return cases;
  }

  /** Returns the keys that the kernel has. */
  public List<TestKey> trusted() {
    return List.of(trusted, authority, odd);
  }

  /**
   * Holds a module with an accepted signature, for changes byte by byte.
   *
   * @param name the name in messages
   * @param module the module with the signature
   * @param from the offset of the signature
   * @param to the offset of the magic string
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record Signed(String name, byte[] module, int from, int to) {}

  /** Returns signatures of every kind: by name, by identifier, by a leaf with certificates. */
  public List<Signed> signed() {
    var byIdentifier = message();
    byIdentifier.version = 3;
    byIdentifier.signerVersion = 3;
    byIdentifier.signer = Der.tag(0x80, trusted.identifier());
    var byLeaf = message();
    byLeaf.key = leaf;
    byLeaf.certificates = Der.tag(0xa0, leaf.encoded());
    return List.of(
        signed("by name", ordinary()),
        signed("by identifier", byIdentifier.bytes()),
        signed("by a leaf", byLeaf.bytes()));
  }

  private Signed signed(String name, byte[] message) {
    byte[] whole = append(module, message);
    return new Signed(name, whole, module.length, whole.length - MAGIC.length);
  }

  private Message message() {
    return new Message(module, trusted);
  }

  private byte[] ordinary() {
    return message().bytes();
  }

  /**
   * Returns {@code module} with an RSA signature, in the form of the kernel's sign-file.
   *
   * @param digest the object identifier of the digest
   * @param algorithm Java's name of the algorithm with that digest
   */
  public static byte[] sign(byte[] module, TestKey key, String digest, String algorithm) {
    return sign(module, key, digest, algorithm, RSA);
  }

  /**
   * Returns {@code module} with a signature by another algorithm.
   *
   * @param identifier the object identifier of the algorithm
   */
  public static byte[] sign(
      byte[] module, TestKey key, String digest, String algorithm, String identifier) {
    var message = new Message(module, key);
    message.digest = digest;
    message.digestAlgorithms = Der.set(Der.algorithm(digest));
    message.signs = algorithm;
    message.signatureAlgorithm = Der.algorithm(identifier);
    return append(module, message.bytes());
  }

  /**
   * Returns {@code module} with an RSA signature whose message names its key by {@code identifier}.
   */
  public static byte[] signNamedBy(byte[] module, TestKey key, byte[] identifier) {
    var message = new Message(module, key);
    message.version = 3;
    message.signerVersion = 3;
    message.signer = Der.tag(0x80, identifier);
    return append(module, message.bytes());
  }

  /** Returns {@code module} with {@code message} as its signature. */
  public static byte[] append(byte[] module, byte[] message) {
    return Der.join(
        module,
        message,
        ByteBuffer.allocate(12).put(2, (byte) 2).putInt(8, message.length).array(),
        MAGIC);
  }

  /** A PKCS#7 message of which each part can be replaced. */
  private static final class Message {
    private final byte[] module;
    private TestKey key;
    private int version = 1;
    private int signerVersion = 1;
    private String outer = SIGNED_DATA;
    private String contentType = DATA;
    private byte[] content = {};
    private byte[] digestAlgorithms = Der.set(Der.algorithm(SHA256));
    private byte[] certificates = {};
    private byte[] revocationLists = {};
    private String digest = SHA256;
    private byte[] attributes = {};
    private byte[] signatureAlgorithm = Der.algorithm(RSA);
    private byte[] unsigned = {};
    private byte[] signer = {};
    private byte[] signature = {};
    private String signs = "SHA256withRSA";
    private byte[] moreSigners = {};

    Message(byte[] module, TestKey key) {
      this.module = module;
      this.key = key;
    }

    byte[] signerInfo() {
      byte[] name =
          signer.length > 0
              ? signer
              : Der.sequence(key.issuer(), Der.integer(key.certificate().getSerialNumber()));
      return Der.sequence(
          Der.integer(signerVersion),
          name,
          Der.algorithm(digest),
          attributes,
          signatureAlgorithm,
          Der.octets(signature.length > 0 ? signature : key.sign(signs, module)),
          unsigned);
    }

    byte[] bytes() {
      return Der.sequence(
          Der.oid(outer),
          Der.tag(
              0xa0,
              Der.sequence(
                  Der.integer(version),
                  digestAlgorithms,
                  Der.sequence(Der.oid(contentType), content),
                  certificates,
                  revocationLists,
                  Der.set(Der.join(signerInfo(), moreSigners)))));
    }
  }

  private interface Change {
    void to(Message message);
  }

  private void add(String name, Answer answer, Change change) {
    var message = message();
    change.to(message);
    addBytes(name, answer, message.bytes());
  }

  private void addBytes(String name, Answer answer, byte[] message) {
    cases.add(new Case(name, append(module, message), answer));
  }

  private void make() {
    add("ordinary", Answer.VALID, m -> {});
    add("by a key that nobody has", Answer.NO_KEY, m -> m.key = stranger);
    add("of another module", Answer.WRONG, m -> m.signature = trusted.sign(m.signs, new byte[1]));
    messages();
    names();
    algorithms();
    certificates();
    encodings();
    trailers();
  }

  private void messages() {
    byte[] attributes =
        Der.join(
            Der.sequence(Der.oid("1.2.840.113549.1.9.3"), Der.set(Der.oid(DATA))),
            Der.sequence(
                Der.oid("1.2.840.113549.1.9.4"), Der.set(Der.octets(digest("SHA-256", module)))));
    add(
        "with signed attributes",
        Answer.WRONG,
        m -> {
          m.attributes = Der.tag(0xa0, attributes);
          m.signature = trusted.sign(m.signs, Der.set(attributes));
        });
    add(
        "with attributes in the form that kernels do not sign",
        Answer.VALID,
        m -> m.attributes = Der.tag(0xa2, Der.sequence(attributes)));
    add(
        "with attributes without a digest",
        Answer.WRONG,
        m -> m.attributes = Der.tag(0xa0, Der.sequence(Der.oid("1.2.3"), Der.set(Der.NULL))));
    add(
        "with content inside",
        Answer.WRONG,
        m -> m.content = Der.tag(0xa0, Der.octets(new byte[] {1})));
    add(
        "with empty content inside",
        Answer.WRONG,
        m -> m.content = Der.tag(0xa0, Der.octets(new byte[0])));
    add("of content that is not data", Answer.WRONG, m -> m.contentType = "1.2.3.4");
    add("of Authenticode", Answer.WRONG, m -> m.contentType = "1.3.6.1.4.1.311.2.1.4");
    add("of the outer type data", Answer.WRONG, m -> m.outer = DATA);
    add("of versions that do not fit", Answer.WRONG, m -> m.version = 3);
    add("of a version that is unknown", Answer.WRONG, m -> m.version = 2);
    add("of a signer's version that is unknown", Answer.WRONG, m -> m.signerVersion = 2);
    add("without digest algorithms", Answer.WRONG, m -> m.digestAlgorithms = Der.set());
    add(
        "with digest algorithms in a sequence",
        Answer.VALID,
        m -> m.digestAlgorithms = Der.sequence(Der.algorithm(SHA256)));
    add(
        "with digest algorithms that are others",
        Answer.VALID,
        m -> m.digestAlgorithms = Der.set(Der.algorithm("1.2.3"), Der.algorithm(SHA256)));
    add(
        "with unsigned attributes",
        Answer.VALID,
        m ->
            m.unsigned =
                Der.tag(0xa1, Der.sequence(Der.oid("1.2.3"), Der.set(Der.octets(new byte[3])))));
    add(
        "by two signers",
        Answer.NO_KEY,
        m -> {
          m.key = stranger;
          var other = message();
          other.key = leaf;
          m.moreSigners = other.signerInfo();
        });
    add(
        "by two signers, one of them trusted",
        Answer.VALID,
        m -> {
          var other = message();
          other.key = stranger;
          m.moreSigners = other.signerInfo();
        });
    add(
        "by two signers, one of them wrong",
        Answer.WRONG,
        m -> {
          var other = message();
          other.signature = other.key.sign(other.signs, new byte[1]);
          m.moreSigners = other.signerInfo();
        });
    addBytes("without signers", Answer.WRONG, withoutSigners());
    addBytes("of nothing", Answer.WRONG, new byte[0]);
    addBytes("of zeros", Answer.WRONG, new byte[8]);
  }

  private static byte[] withoutSigners() {
    return Der.sequence(
        Der.oid(SIGNED_DATA),
        Der.tag(
            0xa0,
            Der.sequence(
                Der.integer(1), Der.set(Der.algorithm(SHA256)), Der.sequence(Der.oid(DATA)))));
  }

  private void names() {
    byte[] number = Der.integer(trusted.certificate().getSerialNumber());
    add(
        "by the key's identifier",
        Answer.VALID,
        m -> {
          m.version = 3;
          m.signerVersion = 3;
          m.signer = Der.tag(0x80, trusted.identifier());
        });
    add(
        "by an identifier that no certificate has",
        Answer.NO_KEY,
        m -> {
          m.version = 3;
          m.signerVersion = 3;
          m.signer = Der.tag(0x80, new byte[] {1, 2, 3});
        });
    add(
        "by the key's identifier with the version of a name",
        Answer.WRONG,
        m -> m.signer = Der.tag(0x80, trusted.identifier()));
    add(
        "with the issuer in capitals",
        Answer.NO_KEY,
        m -> m.signer = Der.sequence(TestKey.name("CN=KEY OF HOST-1"), number));
    add(
        "with the issuer as another type of string",
        Answer.NO_KEY,
        m ->
            m.signer =
                Der.sequence(
                    Der.sequence(
                        Der.set(
                            Der.sequence(Der.oid("2.5.4.3"), Der.tag(19, ascii("key of host-1"))))),
                    number));
    add(
        "with a serial number that is padded",
        Answer.NO_KEY,
        m ->
            m.signer =
                Der.sequence(
                    trusted.issuer(),
                    Der.tag(
                        2, new byte[1], trusted.certificate().getSerialNumber().toByteArray())));
  }

  private void algorithms() {
    digest("sha1", "1.3.14.3.2.26", "SHA1withRSA", Answer.VALID);
    digest("sha224", "2.16.840.1.101.3.4.2.4", "SHA224withRSA", Answer.VALID);
    digest("sha384", "2.16.840.1.101.3.4.2.2", "SHA384withRSA", Answer.VALID);
    digest("sha512", "2.16.840.1.101.3.4.2.3", "SHA512withRSA", Answer.VALID);
    digest("sha512-256", "2.16.840.1.101.3.4.2.6", "SHA512/256withRSA", Answer.UNSUPPORTED);
    add("with another digest than it says", Answer.WRONG, m -> m.signs = "SHA512withRSA");
    for (String oid :
        List.of(
            "1.2.840.113549.1.1.11",
            "1.2.840.113549.1.1.10",
            "1.3.101.112",
            "1.2.840.10045.2.1",
            "1.2.840.10040.4.1",
            "1.2.3.4")) {
      add(
          "by the algorithm " + oid,
          Answer.UNSUPPORTED,
          m -> m.signatureAlgorithm = Der.algorithm(oid));
    }
    add(
        "by the algorithm of ECDSA with a key of RSA",
        Answer.WRONG,
        m -> m.signatureAlgorithm = Der.algorithm("1.2.840.10045.4.3.2"));
    add(
        "by RSA without parameters",
        Answer.VALID,
        m -> m.signatureAlgorithm = Der.sequence(Der.oid(RSA)));
    add("by a key of 2560 bits", Answer.WRONG, m -> m.key = odd);
    add(
        "with a zero before its number",
        Answer.WRONG,
        m -> m.signature = Der.join(new byte[1], trusted.sign(m.signs, module)));
    add("with a number of nothing", Answer.WRONG, m -> m.signature = new byte[256]);
  }

  private void digest(String name, String oid, String signs, Answer answer) {
    add(
        "with " + name,
        answer,
        m -> {
          m.digest = oid;
          m.digestAlgorithms = Der.set(Der.algorithm(oid));
          m.signs = signs;
        });
  }

  private void certificates() {
    TestKey namesake = TestKey.named("key of host-1").make();
    certificate("that is none", Answer.WRONG, Der.sequence(Der.integer(1)));
    certificate("that is no sequence", Answer.WRONG, Der.octets(new byte[] {1}));
    certificate("of another key", Answer.WRONG, namesake.encoded());
    certificate("that is its own", Answer.VALID, trusted.encoded());
    certificate("of a stranger", Answer.VALID, stranger.encoded());
    certificate(
        "of an elliptic curve",
        Answer.VALID,
        TestKey.named("curve").algorithm("EC", "SHA256withECDSA").bits(256).make().encoded());
    TestKey nameless =
        TestKey.named("nameless")
            .issuer(authority)
            .authorityIdentifier(Der.sequence(Der.tag(0xa1)))
            .make();
    certificate("with an authority of no name", Answer.VALID, nameless.encoded());
    certificate("with a length of three bytes", Answer.WRONG, longLength(leaf.encoded()));
    add("with an empty set of certificates", Answer.VALID, m -> m.certificates = Der.tag(0xa0));
    add(
        "with an empty sequence of certificates",
        Answer.WRONG,
        m -> m.certificates = Der.tag(0xa2));
    add(
        "with a revocation list",
        Answer.WRONG,
        m ->
            m.revocationLists =
                Der.tag(0xa1, Der.sequence(Der.sequence(Der.integer(1)), Der.NULL)));
    add(
        "by a leaf of a trusted authority",
        Answer.VALID,
        m -> {
          m.key = leaf;
          m.certificates = Der.tag(0xa0, leaf.encoded());
        });
    add(
        "by a leaf of a trusted authority, with both",
        Answer.VALID,
        m -> {
          m.key = leaf;
          m.certificates = Der.tag(0xa0, leaf.encoded(), authority.encoded());
        });
    add("by a leaf that is not inside", Answer.NO_KEY, m -> m.key = leaf);
    add(
        "by a leaf that signed another module",
        Answer.WRONG,
        m -> {
          m.key = leaf;
          m.signature = leaf.sign(m.signs, new byte[1]);
          m.certificates = Der.tag(0xa0, leaf.encoded());
        });
    add(
        "by a leaf that another authority signed",
        Answer.WRONG,
        m -> {
          TestKey impostor = TestKey.named("authority of host-1").make();
          TestKey forged =
              TestKey.named("leaf of host-1").issuer(impostor).serial(BigInteger.TEN).make();
          byte[] encoded = withAuthority(forged, impostor.identifier(), authority.identifier());
          m.key = forged;
          m.certificates = Der.tag(0xa0, encoded);
        });
    add(
        "by a stranger whose certificate is inside",
        Answer.NO_KEY,
        m -> {
          m.key = stranger;
          m.certificates = Der.tag(0xa0, stranger.encoded());
        });
  }

  /** Returns a certificate whose inner SEQUENCE uses one byte too many for its length. */
  private static byte[] longLength(byte[] certificate) {
    byte[] contents = Arrays.copyOfRange(certificate, 4, certificate.length);
    return Der.tag(
        0x30, new byte[] {0x30, (byte) 0x83, 0}, Arrays.copyOfRange(contents, 2, contents.length));
  }

  private void certificate(String name, Answer answer, byte[] certificate) {
    add(
        "with a certificate inside " + name,
        answer,
        m -> m.certificates = Der.tag(0xa0, certificate));
  }

  /** Returns the certificate of {@code key} with another identifier of its authority. */
  private static byte[] withAuthority(TestKey key, byte[] before, byte[] after) {
    byte[] encoded = key.encoded();
    for (int at = 0; at + before.length <= encoded.length; at++) {
      if (ByteBuffer.wrap(encoded, at, before.length).equals(ByteBuffer.wrap(before))) {
        System.arraycopy(after, 0, encoded, at, after.length);
        return encoded;
      }
    }
    throw new AssertionError("no such identifier");
  }

  private void encodings() {
    byte[] message = message().bytes();
    byte[] inner = Arrays.copyOfRange(message, 4, message.length);
    for (int count = 3; count <= 4; count++) {
      var length = new byte[count];
      length[count - 2] = (byte) (inner.length >> 8);
      length[count - 1] = (byte) inner.length;
      addBytes(
          "with a length of %d bytes".formatted(count),
          Answer.WRONG,
          Der.join(new byte[] {0x30, (byte) (0x80 | count)}, length, inner));
    }
    addBytes(
        "with an indefinite length",
        Answer.VALID,
        Der.join(new byte[] {0x30, (byte) 0x80}, inner, new byte[2]));
    addBytes(
        "with an indefinite length that does not end",
        Answer.WRONG,
        Der.join(new byte[] {0x30, (byte) 0x80}, inner));
    addBytes("with a byte behind", Answer.VALID, Der.join(message, new byte[1]));
    addBytes("with a second message behind", Answer.VALID, Der.join(message, message));
    addBytes("with its last byte cut off", Answer.WRONG, cut(message));
    addBytes("with an element too many", Answer.WRONG, Der.tag(0x30, inner, Der.NULL));
    var primitive = message.clone();
    primitive[0] = 0x10;
    addBytes("with a sequence that says that it is primitive", Answer.VALID, primitive);
    add("with bytes in parts", Answer.WRONG, m -> {});
    Case whole = cases.removeLast();
    byte[] inParts = whole.module();
    inParts[lastOctets(inParts)] = 0x24;
    cases.add(new Case(whole.name(), inParts, whole.answer()));
    addBytes(
        "of more bytes than a kernel reads", Answer.WRONG, Der.join(message, new byte[65_536]));
  }

  /** Returns the offset of the signature's OCTET STRING: 04 82 01 00. */
  private static int lastOctets(byte[] bytes) {
    for (int at = bytes.length - 4; at > 0; at--) {
      if (bytes[at] == 4 && bytes[at + 1] == (byte) 0x82 && bytes[at + 2] == 1) {
        return at;
      }
    }
    throw new AssertionError("no octets");
  }

  private static byte[] cut(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length - 1);
  }

  private void trailers() {
    Map<String, Integer> fields = new LinkedHashMap<>();
    fields.put("algorithm", 0);
    fields.put("hash", 1);
    fields.put("length of a signer", 3);
    fields.put("length of a key's identifier", 4);
    fields.put("padding", 5);
    fields.put("last padding", 7);
    fields.forEach(
        (name, offset) -> {
          byte[] signed = append(module, ordinary());
          signed[signed.length - 40 + offset] = 20;
          cases.add(new Case("with a " + name, signed, Answer.WRONG));
        });
    byte[] ofOldKernels = append(module, ordinary());
    ofOldKernels[ofOldKernels.length - 40 + 2] = 1;
    cases.add(new Case("of the kind of kernels before 4.3", ofOldKernels, Answer.UNSUPPORTED));
    byte[] ofNoKind = append(module, ordinary());
    ofNoKind[ofNoKind.length - 40 + 2] = 9;
    cases.add(new Case("of no kind", ofNoKind, Answer.UNSUPPORTED));
    byte[] tooLong = append(module, ordinary());
    ByteBuffer.wrap(tooLong).putInt(tooLong.length - 32, Integer.MAX_VALUE);
    cases.add(new Case("longer than the module", tooLong, Answer.WRONG));
    withoutMessages();
  }

  /** Adds lengths without a message: the kernel cuts them off only if it supports their type. */
  private void withoutMessages() {
    cases.add(new Case("of a magic string alone", Der.join(module, MAGIC), Answer.UNSUPPORTED));
    for (int length : List.of(0, 100, module.length - 1)) {
      cases.add(
          new Case(
              "of no kind, and a length of %d for nothing".formatted(length),
              trailer(length, 9),
              Answer.UNSUPPORTED));
    }
    cases.add(new Case("of a length of 100 for nothing", trailer(100, 2), Answer.WRONG));
    byte[] bySigner = trailer(100, 1);
    bySigner[module.length + 3] = (byte) 200;
    cases.add(
        new Case("of the kind of kernels before 4.3, of nothing", bySigner, Answer.UNSUPPORTED));
  }

  private byte[] trailer(int length, int kind) {
    return Der.join(
        module, ByteBuffer.allocate(12).put(2, (byte) kind).putInt(8, length).array(), MAGIC);
  }

  /** Returns the digest of {@code bytes} by Java's name of its algorithm. */
  public static byte[] digest(String algorithm, byte[] bytes) {
    try {
      return MessageDigest.getInstance(algorithm).digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
