package org.kmodwatch.image;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.NullMarked;
import org.kmodwatch.image.signing.SignatureCases;
import org.kmodwatch.image.signing.TestKey;

/** Signs modules with a key, in the form of the kernel's scripts/sign-file.c. */
@NullMarked
final class TestSigner {

  private static final BigInteger SERIAL = new BigInteger("00a1b2c3d4", 16);

  private final KeyPair keys;
  private final X509Certificate certificate;

  private TestSigner(KeyPair keys, X509Certificate certificate) {
    this.keys = keys;
    this.certificate = certificate;
  }

  static TestSigner named(String commonName) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair keys = generator.generateKeyPair();
    var name = new X500Name("O=Kmodwatch tests,CN=" + commonName);
    // The certificate has expired: kernels do not check the dates.
    Date from = Date.from(Instant.parse("2001-01-01T00:00:00Z"));
    Date until = Date.from(Instant.parse("2002-01-01T00:00:00Z"));
    var builder =
        new JcaX509v3CertificateBuilder(name, SERIAL, from, until, name, keys.getPublic());
    builder.addExtension(
        org.bouncycastle.asn1.x509.Extension.subjectKeyIdentifier,
        false,
        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
    X509Certificate certificate =
        new JcaX509CertificateConverter()
            .getCertificate(
                builder.build(
                    new JcaContentSignerBuilder("SHA256withRSA").build(keys.getPrivate())));
    return new TestSigner(keys, certificate);
  }

  X509Certificate certificate() {
    return certificate;
  }

  /** Returns the module followed by its signature. */
  byte[] sign(byte[] module, String algorithm) {
    String digest =
        switch (algorithm) {
          case "SHA1" -> "1.3.14.3.2.26";
          case "SHA256" -> SignatureCases.SHA256;
          case "SHA512" -> "2.16.840.1.101.3.4.2.3";
          default -> throw new AssertionError(algorithm);
        };
    return SignatureCases.sign(
        module, new TestKey(keys, certificate), digest, algorithm + "withRSA");
  }
}
