package org.kmodwatch.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.airlift.compress.lz4.Lz4Compressor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

@NullMarked
class SignatureVerifierTest {

  private static final byte[] MODULE = TestModule.ordinary().bytes();

  @SuppressWarnings("NullAway.Init")
  private static TestSigner ours;

  @SuppressWarnings("NullAway.Init")
  private static TestSigner another;

  @BeforeAll
  static void makeKeys() throws Exception {
    ours = TestSigner.named("Ours");
    another = TestSigner.named("Another");
  }

  @ParameterizedTest
  @CsvSource({"SHA256, sha256", "SHA512, sha512", "SHA1, sha1"})
  void saysWhoSignedAndHow(String algorithm, String digest) throws Exception {
    AppendedSignature signature =
        Objects.requireNonNull(read(ours.sign(MODULE, algorithm)).signature());

    AppendedSignature.Signer signer = signature.first().orElseThrow();
    assertThat(signer.name()).isEqualTo("Ours");
    assertThat(signer.keyId()).isEqualTo("A1:B2:C3:D4");
    assertThat(signer.digest()).isEqualTo(digest);
    assertThat(signature.signedBytes()).isEqualTo(MODULE.length);
    assertThat(signer.signature().remaining()).isEqualTo(256);
  }

  @Test
  void isValidByAKeyThatWasGivenThoughItsCertificateHasExpired() throws Exception {
    assertThat(verify(ours.sign(MODULE, "SHA256"), another, ours)).isEqualTo(SignatureStatus.VALID);
  }

  @Test
  void isUnknownByAKeyThatWasNotGiven() throws Exception {
    byte[] signed = ours.sign(MODULE, "SHA256");

    assertThat(verify(signed)).isEqualTo(SignatureStatus.UNKNOWN_KEY);
    assertThat(verify(signed, TestSigner.named("Third"))).isEqualTo(SignatureStatus.UNKNOWN_KEY);
  }

  @Test
  void isInvalidByAnotherKeyOfTheSameNameAndNumber() throws Exception {
    assertThat(verify(ours.sign(MODULE, "SHA256"), TestSigner.named("Ours")))
        .isEqualTo(SignatureStatus.INVALID);
  }

  @Test
  void isInvalidOnceAByteOfTheModuleIsAnother() throws Exception {
    byte[] signed = ours.sign(MODULE, "SHA256");
    // The changed byte is in the middle of .modinfo.
    signed[80] ^= 1;

    assertThat(verify(signed, ours)).isEqualTo(SignatureStatus.INVALID);
  }

  @Test
  void isUnsignedWithoutAnything() {
    assertThat(verify(MODULE, ours)).isEqualTo(SignatureStatus.UNSIGNED);
  }

  @Test
  void takesTheSignatureFromInsideACompressedFile() throws Exception {
    assertThat(verify(Seeds.zstd(ours.sign(MODULE, "SHA256")), ours))
        .isEqualTo(SignatureStatus.VALID);
  }

  @Test
  void readsCertificatesAsPemAndDer(@TempDir Path folder) throws Exception {
    byte[] der = ours.certificate().getEncoded();
    String pem =
        "Bag Attributes\n    friendlyName: ours\n-----BEGIN CERTIFICATE-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
            + "\n-----END CERTIFICATE-----\n";
    Path derFile = Files.write(folder.resolve("ours.der"), der);
    Path pemFile = Files.writeString(folder.resolve("both.pem"), pem + pem);
    Path none = Files.writeString(folder.resolve("none"), "nothing here");

    assertThat(SigningCertificates.of(derFile)).containsExactly(ours.certificate());
    assertThat(SigningCertificates.of(pemFile)).containsExactly(ours.certificate());
    assertThat(SigningCertificates.of(none)).isEmpty();
  }

  @Test
  void findsCertificatesThatAreLinkedIntoAKernel(@TempDir Path folder) throws Exception {
    byte[] one = ours.certificate().getEncoded();
    byte[] other = another.certificate().getEncoded();
    ByteBuffer kernel = ByteBuffer.allocate(100_000);
    // Bytes that only resemble the beginning of a certificate come first.
    kernel.putInt(100, 0x3082_ffff).putInt(104, 0x3082_ffff);
    kernel.put(5_001, one).put(5_001 + one.length, other);
    Path vmlinux = Files.write(folder.resolve("vmlinux"), kernel.array());
    assertThat(SigningCertificates.of(vmlinux))
        .containsExactly(ours.certificate(), another.certificate());
    for (byte[] payload :
        List.of(Seeds.zstd(kernel.array()), lz4(kernel.array()), xz(kernel.array()))) {
      assertThat(SigningCertificates.of(bootImage(payload, kernel.capacity())))
          .containsExactly(ours.certificate(), another.certificate());
    }
  }

  @Test
  void takesADamagedBootImageForOneWithoutCertificates() throws Exception {
    byte[] payload = Seeds.zstd(new byte[10_000]);
    payload[20] ^= 0x55;

    assertThat(SigningCertificates.of(bootImage(payload, 10_000))).isEmpty();
    assertThat(SigningCertificates.of(bootImage(payload, -1))).isEmpty();
    assertThat(SigningCertificates.of(bootImage(new byte[] {1}, 10_000))).isEmpty();
  }

  private static ByteBuffer bootImage(byte[] payload, int size) {
    ByteBuffer boot = ByteBuffer.allocate(2048 + payload.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    boot.put(0x1f1, (byte) 1).putInt(0x202, 0x53726448);
    boot.putInt(0x248, 1024).putInt(0x24c, payload.length + 4);
    return boot.put(2048, payload).putInt(2048 + payload.length, size);
  }

  private static byte[] lz4(byte[] kernel) {
    var out = new byte[kernel.length + 1000];
    int length = new Lz4Compressor().compress(kernel, 0, kernel.length, out, 8, out.length - 8);
    ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN).putInt(0x184c2102).putInt(length);
    return Arrays.copyOf(out, 8 + length);
  }

  private static byte[] xz(byte[] kernel) throws IOException {
    var xz = new ByteArrayOutputStream();
    try (var out = new XZOutputStream(xz, new LZMA2Options())) {
      out.write(kernel);
    }
    return xz.toByteArray();
  }

  private static SignatureStatus verify(byte[] module, TestSigner... trusted) {
    return new SignatureVerifier(List.of(trusted).stream().map(TestSigner::certificate).toList())
        .verify(read(module))
        .status();
  }

  private static ModuleImage read(byte[] module) {
    return ModuleImageReader.read(ByteBuffer.wrap(module));
  }
}
