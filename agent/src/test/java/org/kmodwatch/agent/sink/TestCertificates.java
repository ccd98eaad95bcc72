package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority and what it vouches for, as PEM files in a folder. */
public final class TestCertificates {

  private static final Duration VALID_FOR = Duration.ofDays(2);

  private final Path folder;
  private final KeyPair authorityKey;
  private final X509Certificate authority;
  private int serial = 1;

  /** Makes an authority; its certificate and all it issues go into {@code folder}. */
  public TestCertificates(Path folder) {
    this.folder = folder;
    try {
      this.authorityKey = newKey();
      this.authority = sign("CN=Test authority", authorityKey, null, false);
      pem("ca.pem", authority);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The authority's certificate. */
  public Path ca() {
    return folder.resolve("ca.pem");
  }

  /** Makes NAME.pem and NAME.key. */
  public TlsFiles issue(String name, String host, boolean expired) throws Exception {
    KeyPair key = newKey();
    Path certificate = pem(name + ".pem", sign("CN=" + name, key, host, expired));
    Path keyFile = pem(name + ".key", new JcaPKCS8Generator(key.getPrivate(), null));
    Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-------"));
    return new TlsFiles(ca(), certificate, keyFile);
  }

  TlsFiles trusting() {
    return new TlsFiles(ca(), null, null);
  }

  private X509Certificate sign(
      String subject, KeyPair key, @org.jspecify.annotations.Nullable String host, boolean expired)
      throws Exception {
    Instant from = Instant.now().minus(VALID_FOR);
    Instant until = expired ? from.plusSeconds(60) : from.plus(VALID_FOR).plus(VALID_FOR);
    var builder =
        new JcaX509v3CertificateBuilder(
            new X500Principal("CN=Test authority"),
            BigInteger.valueOf(serial++),
            Date.from(from),
            Date.from(until),
            new X500Principal(subject),
            key.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(host == null));
    if (host != null) {
      int kind = Character.isDigit(host.charAt(0)) ? GeneralName.iPAddress : GeneralName.dNSName;
      builder.addExtension(
          Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(kind, host)));
    }
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(
                new JcaContentSignerBuilder("SHA256withRSA").build(authorityKey.getPrivate())));
  }

  private static KeyPair newKey() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    return generator.generateKeyPair();
  }

  private Path pem(String name, Object what) throws IOException {
    Path file = folder.resolve(name);
    try (Writer out = Files.newBufferedWriter(file, StandardCharsets.US_ASCII);
        JcaPEMWriter pem = new JcaPEMWriter(out)) {
      pem.writeObject(what);
    }
    return file;
  }
}
