package org.kmodwatch.image.signing;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** Holds a key and its certificate. */
@NullMarked
public record TestKey(KeyPair keys, X509Certificate certificate) {

  /** Creates a key and its certificate. */
  public static final class Maker {
    private final String name;
    private int bits = 2048;
    private String algorithm = "RSA";
    private String signedBy = "SHA256withRSA";
    private @Nullable TestKey issuer;
    private BigInteger serial = BigInteger.valueOf(0x1234_5678);
    private boolean withIdentifier = true;
    private @Nullable KeyPair keys;
    private byte @Nullable [] authorityIdentifier;

    private Maker(String name) {
      this.name = name;
    }

    public Maker bits(int value) {
      bits = value;
      return this;
    }

    public Maker algorithm(String key, String signature) {
      algorithm = key;
      signedBy = signature;
      return this;
    }

    public Maker issuer(TestKey value) {
      issuer = value;
      return this;
    }

    public Maker serial(BigInteger value) {
      serial = value;
      return this;
    }

    public Maker withoutIdentifier() {
      withIdentifier = false;
      return this;
    }

    public Maker keys(KeyPair value) {
      keys = value;
      return this;
    }

    /** Sets the whole extension that names its authority. */
    public Maker authorityIdentifier(byte[] value) {
      authorityIdentifier = value;
      return this;
    }

    public TestKey make() {
      try {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        KeyPair pair = keys == null ? generator.generateKeyPair() : keys;
        TestKey by = issuer;
        var subject = new X500Name("CN=" + name);
        var from =
            by == null
                ? subject
                : X500Name.getInstance(by.certificate.getSubjectX500Principal().getEncoded());
        var builder =
            new JcaX509v3CertificateBuilder(
                from,
                serial,
                Date.from(Instant.parse("2001-01-01T00:00:00Z")),
                Date.from(Instant.parse("2002-01-01T00:00:00Z")),
                subject,
                pair.getPublic());
        if (authorityIdentifier != null) {
          builder.addExtension(Extension.authorityKeyIdentifier, false, authorityIdentifier);
        } else if (withIdentifier) {
          var extensions = new JcaX509ExtensionUtils();
          builder
              .addExtension(
                  Extension.subjectKeyIdentifier,
                  false,
                  extensions.createSubjectKeyIdentifier(pair.getPublic()))
              .addExtension(
                  Extension.authorityKeyIdentifier,
                  false,
                  extensions.createAuthorityKeyIdentifier(
                      by == null ? pair.getPublic() : by.keys.getPublic()));
        }
        return new TestKey(
            pair,
            new JcaX509CertificateConverter()
                .getCertificate(
                    builder.build(
                        new JcaContentSignerBuilder(signedBy)
                            .build(by == null ? pair.getPrivate() : by.keys.getPrivate()))));
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  public static Maker named(String name) {
    return new Maker(name);
  }

  public byte[] encoded() {
    try {
      return certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns the issuer as encoded in the certificate. */
  public byte[] issuer() {
    return certificate.getIssuerX500Principal().getEncoded();
  }

  public byte[] identifier() {
    try {
      return new JcaX509ExtensionUtils()
          .createSubjectKeyIdentifier(keys.getPublic())
          .getKeyIdentifier();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Signs bytes, for example by {@code SHA256withRSA}. */
  public byte[] sign(String algorithm, byte[] bytes) {
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(keys.getPrivate());
      signature.update(bytes);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns the DER encoding of a distinguished name. */
  public static byte[] name(String text) {
    try {
      return new X500Name(text).getEncoded();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
