package org.kmodwatch.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.image.signing.Der;
import org.kmodwatch.image.signing.SignatureCases;
import org.kmodwatch.image.signing.SignatureCases.Case;
import org.kmodwatch.image.signing.TestKey;

/**
 * Tests that the check agrees with a kernel that has the keys: no module that it refuses is valid.
 */
@NullMarked
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KernelAnswersTest {

  private static final byte[] MODULE = TestModule.ordinary().bytes();

  private final SignatureCases cases = SignatureCases.of(MODULE);
  private final SignatureVerifier verifier =
      new SignatureVerifier(cases.trusted().stream().map(TestKey::certificate).toList());

  Stream<Case> all() {
    return cases.all().stream();
  }

  @ParameterizedTest
  @MethodSource("all")
  void isAsTheKernelAnswers(Case one) {
    ModuleImage image = ModuleImageReader.read(ByteBuffer.wrap(one.module()));

    SignatureVerifier.Check check = verifier.verify(image);

    assertThat(check.status())
        .as("%s: %s", one.name(), check.reason())
        .isIn(
            switch (one.answer()) {
              case VALID -> List.of(SignatureStatus.VALID);
              case NO_KEY -> List.of(SignatureStatus.UNKNOWN_KEY);
              case UNSUPPORTED -> List.of(SignatureStatus.NOT_CHECKED, SignatureStatus.UNKNOWN_KEY);
              case WRONG -> List.of(SignatureStatus.INVALID);
            });
    assertThat(check.reason() == null).isEqualTo(check.status() == SignatureStatus.VALID);
    assertThat(image.name()).isEqualTo("ordinary");
    assertThat(image.info().first("license")).contains("GPL");
  }

  @Test
  void sayWhatIsNotChecked_byItsName() {
    assertThat(reason("by the algorithm 1.2.840.113549.1.1.10"))
        .isEqualTo("the signature's algorithm is RSASSA-PSS, which kernels do not check (ENOPKG)");
    assertThat(reason("by the algorithm 1.3.101.112")).contains("Ed25519");
    assertThat(reason("by the algorithm 1.2.3.4")).contains("1.2.3.4");
    assertThat(reason("with sha512-256"))
        .isEqualTo("the digest algorithm is sha512-256, which kernels do not check (ENOPKG)");
    assertThat(reason("of the kind of kernels before 4.3"))
        .isEqualTo(
            "it is in the form of kernels before 4.3, which later ones do not check (ENOPKG)");
  }

  @Test
  void saysWhoSigned_whateverTheKernelRefuses() {
    SoftAssertions all = new SoftAssertions();
    List<String> unreadable =
        List.of(
            "without signers",
            "of nothing",
            "of zeros",
            "of more bytes than a kernel reads",
            "of no kind",
            "of the kind of kernels before 4.3",
            "longer than the module",
            "with its last byte cut off",
            "with an empty sequence of certificates",
            "of a magic string alone",
            "of no kind, and a length of 0 for nothing",
            "of no kind, and a length of 100 for nothing",
            "of no kind, and a length of %d for nothing".formatted(MODULE.length - 1),
            "of a length of 100 for nothing");
    for (Case one : cases.all()) {
      AppendedSignature signature =
          Objects.requireNonNull(ModuleImageReader.read(ByteBuffer.wrap(one.module())).signature());
      all.assertThat(signature.signers().isEmpty())
          .as(one.name())
          .isEqualTo(unreadable.contains(one.name()));
    }
    all.assertAll();
    assertThat(signature("by two signers").signers())
        .extracting(AppendedSignature.Signer::name)
        .containsExactly("key of nobody", "authority of host-1");
    assertThat(signature("with a length of 4 bytes").first().orElseThrow().keyId())
        .isEqualTo("12:34:56:78");
    assertThat(signature("of no kind").problem()).contains("id_type=9");
  }

  /** Covers self-signed certificates, which a kernel checks before it accepts them. */
  @Test
  void saysWhy_whereTheCertificateIsHere_andNoKernelTakesIt() {
    TestKey odd = TestKey.named("of 2560 bits").bits(2560).make();
    ModuleImage image =
        ModuleImageReader.read(
            ByteBuffer.wrap(
                SignatureCases.sign(MODULE, odd, SignatureCases.SHA256, "SHA256withRSA")));

    SignatureVerifier.Check check = new SignatureVerifier(List.of(odd.certificate())).verify(image);

    assertThat(check.status()).isEqualTo(SignatureStatus.UNKNOWN_KEY);
    assertThat(check.reason())
        .isEqualTo(
            "kernels do not take its certificate: a certificate that its own key did not sign: the"
                + " key is of 2560 bits; kernels take RSA of 512, 1024, 1536, 2048, 3072 and 4096"
                + " (ENOKEY)");
  }

  /** Covers a certificate without an identifier: a kernel does not create one for it. */
  @Test
  void keyOfACertificateWithoutIdentifier_isNotFoundByTheDigestOfTheKey() {
    TestKey key = TestKey.named("without an identifier").withoutIdentifier().make();
    byte[] whole = key.keys().getPublic().getEncoded();

    for (byte[] identifier : List.of(SignatureCases.digest("SHA-1", whole), key.identifier())) {
      byte[] signed = SignatureCases.signNamedBy(MODULE, key, identifier);
      SignatureVerifier.Check check =
          new SignatureVerifier(List.of(key.certificate()))
              .verify(ModuleImageReader.read(ByteBuffer.wrap(signed)));

      assertThat(check.status()).isEqualTo(SignatureStatus.UNKNOWN_KEY);
      assertThat(check.reason()).isEqualTo("no certificate is here for its key (ENOKEY)");
    }
  }

  /** Covers a read during a live load, which has no time for certificates. */
  @Test
  void readsNoCertificate_toSayWhoSigned() {
    byte[] signed = find("with a certificate inside that is none").module();

    AppendedSignature signature =
        Objects.requireNonNull(ModuleImageReader.read(ByteBuffer.wrap(signed)).signature());

    assertThat(signature.problem()).isNull();
    assertThat(signature.first().orElseThrow().name()).isEqualTo("key of host-1");
  }

  @ParameterizedTest
  @ValueSource(ints = {256, 384, 521})
  void checksSignaturesByEllipticCurves(int bits) {
    TestKey key = TestKey.named("curve").algorithm("EC", "SHA256withECDSA").bits(bits).make();
    byte[] signed =
        SignatureCases.sign(
            MODULE, key, SignatureCases.SHA256, "SHA256withECDSA", "1.2.840.10045.4.3.2");
    byte[] changed = signed.clone();
    changed[80] ^= 1;
    var check = new SignatureVerifier(List.of(key.certificate()));

    assertThat(check.verify(ModuleImageReader.read(ByteBuffer.wrap(signed))).status())
        .isEqualTo(SignatureStatus.VALID);
    assertThat(check.verify(ModuleImageReader.read(ByteBuffer.wrap(changed))).status())
        .isEqualTo(SignatureStatus.INVALID);
  }

  @Test
  void readsSerialNumbers_asModinfoDoes() {
    TestKey high = TestKey.named("high").serial(new BigInteger("80A1B2C3D4E5F607", 16)).make();
    ModuleImage image =
        ModuleImageReader.read(
            ByteBuffer.wrap(
                SignatureCases.sign(MODULE, high, "2.16.840.1.101.3.4.2.8", "SHA3-256withRSA")));

    AppendedSignature.Signer signer =
        Objects.requireNonNull(image.signature()).first().orElseThrow();
    assertThat(signer.keyId()).isEqualTo("80:A1:B2:C3:D4:E5:F6:07");
    assertThat(signer.digest()).isEqualTo("sha3-256");
    assertThat(new SignatureVerifier(List.of(high.certificate())).verify(image).status())
        .isEqualTo(SignatureStatus.VALID);
  }

  @Test
  void readsSignaturesOfKernelsBefore43() {
    byte[] name = "Example: kernel signing key".getBytes(StandardCharsets.UTF_8);
    byte[] key = {1, 2, 3, 0x14};
    byte[] signature = {0, 2, 7, 7};
    byte[] trailer =
        ByteBuffer.allocate(12)
            .put((byte) 1)
            .put((byte) 4)
            .put((byte) 1)
            .put((byte) name.length)
            .put((byte) key.length)
            .putInt(8, signature.length)
            .array();
    ModuleImage image =
        ModuleImageReader.read(
            ByteBuffer.wrap(
                Der.join(
                    MODULE,
                    name,
                    key,
                    signature,
                    trailer,
                    "~Module signature appended~\n".getBytes(StandardCharsets.US_ASCII))));

    AppendedSignature read = Objects.requireNonNull(image.signature());
    assertThat(read.signedBytes()).isEqualTo(MODULE.length);
    assertThat(read.first().orElseThrow())
        .isEqualTo(
            new AppendedSignature.Signer(
                "Example: kernel signing key",
                "01:02:03:14",
                "sha256",
                ByteBuffer.wrap(signature)));
    assertThat(verifier.verify(image).status()).isEqualTo(SignatureStatus.UNKNOWN_KEY);
  }

  @Test
  void changesOfOneByte_areValid_onlyWhereTheKernelDoesNotLook() {
    SignatureCases.Signed signed = cases.signed().getFirst();
    var valid = 0;
    for (int at = signed.from(); at < signed.to(); at++) {
      byte[] changed = signed.module().clone();
      changed[at] ^= 1;
      ModuleImage image = ModuleImageReader.read(ByteBuffer.wrap(changed));
      if (verifier.verify(image).status() == SignatureStatus.VALID) {
        valid++;
      }
    }
    // These are digest algorithms, parameters of algorithms and their tags. The lab checks each
    // with a kernel.
    assertThat(valid).isBetween(5, 40);
  }

  /**
   * Covers the signature itself, the last octets of the message: a kernel checks every byte of it.
   */
  @Test
  void changesOfTheSignatureItself_areInvalid() {
    for (SignatureCases.Signed signed : cases.signed()) {
      int end = signed.to() - 12;
      for (int at = end - 256; at < end; at++) {
        byte[] changed = signed.module().clone();
        changed[at] ^= (byte) (1 << at % Byte.SIZE);
        assertThat(verifier.verify(ModuleImageReader.read(ByteBuffer.wrap(changed))).status())
            .as("%s, byte %d", signed.name(), at - signed.from())
            .isEqualTo(SignatureStatus.INVALID);
      }
    }
  }

  /** Covers MD5, which kernels 6.1 and older accept: the check does not follow an older kernel. */
  @Test
  void signaturesByMd5AndEd25519_areNotChecked_andNamed() {
    TestKey rsa = TestKey.named("rsa").make();
    byte[] byMd5 = SignatureCases.sign(MODULE, rsa, "1.2.840.113549.2.5", "MD5withRSA");
    TestKey edwards = TestKey.named("edwards").algorithm("Ed25519", "Ed25519").bits(255).make();
    byte[] byEd25519 =
        SignatureCases.sign(MODULE, edwards, SignatureCases.SHA256, "Ed25519", "1.3.101.112");
    var check = new SignatureVerifier(List.of(rsa.certificate(), edwards.certificate()));

    SignatureVerifier.Check ofMd5 = check.verify(ModuleImageReader.read(ByteBuffer.wrap(byMd5)));
    SignatureVerifier.Check ofEd25519 =
        check.verify(ModuleImageReader.read(ByteBuffer.wrap(byEd25519)));

    assertThat(ofMd5.status()).isEqualTo(SignatureStatus.NOT_CHECKED);
    assertThat(ofMd5.reason()).contains("md5");
    assertThat(ofEd25519.status()).isEqualTo(SignatureStatus.NOT_CHECKED);
    assertThat(ofEd25519.reason()).contains("Ed25519");
  }

  private String reason(String name) {
    Case found = find(name);
    return String.valueOf(
        verifier.verify(ModuleImageReader.read(ByteBuffer.wrap(found.module()))).reason());
  }

  private AppendedSignature signature(String name) {
    return Objects.requireNonNull(
        ModuleImageReader.read(ByteBuffer.wrap(find(name).module())).signature());
  }

  private Case find(String name) {
    return cases.all().stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
  }
}
