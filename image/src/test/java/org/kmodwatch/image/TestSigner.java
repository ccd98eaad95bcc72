package org.kmodwatch.image;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.jspecify.annotations.NullMarked;

/** A key that signs modules, in the form of the kernel's scripts/sign-file.c. */
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
    // Long over: kernels do not look at the dates.
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

  /** The module with its signature behind it. */
  byte[] sign(byte[] module, String algorithm) throws Exception {
    var signer =
        new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build())
            .setDirectSignature(true)
            .build(
                new JcaContentSignerBuilder(algorithm + "withRSA").build(keys.getPrivate()),
                certificate);
    var generator = new CMSSignedDataGenerator();
    generator.addSignerInfoGenerator(signer);
    return append(
        module, generator.generate(new CMSProcessableByteArray(module), false).getEncoded("DER"));
  }

  /** {@code module} with {@code message} in the place of a signature. */
  static byte[] append(byte[] module, byte[] message) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(module);
    out.writeBytes(message);
    out.writeBytes(ByteBuffer.allocate(12).put(2, (byte) 2).putInt(8, message.length).array());
    out.writeBytes("~Module signature appended~\n".getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }
}
