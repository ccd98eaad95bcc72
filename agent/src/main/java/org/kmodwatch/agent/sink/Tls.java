package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.jspecify.annotations.Nullable;

/** Creates TLS contexts from PEM files. */
final class Tls {

  private static final char[] NO_PASSWORD = new char[0];

  private Tls() {}

  /**
   * Returns a context with the certificates of {@code files}; Java's default if there are no files.
   *
   * @throws SinkException if a file cannot be read or has the wrong content
   */
  static SSLContext context(TlsFiles files) {
    try {
      if (files.equals(TlsFiles.NONE)) {
        return SSLContext.getDefault();
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(files), trusted(files.ca()), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new SinkException("cannot set up TLS: " + e.getMessage(), e);
    }
  }

  /**
   * Returns the trust manager for the authorities of {@code files}; Java's default without a file.
   *
   * @throws SinkException if the file cannot be read or has no certificate
   */
  static X509TrustManager trustManager(TlsFiles files) {
    try {
      TrustManager[] managers = trusted(files.ca());
      if (managers == null) {
        TrustManagerFactory factory =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        managers = factory.getTrustManagers();
      }
      return (X509TrustManager) managers[0];
    } catch (GeneralSecurityException | IOException e) {
      throw new SinkException("cannot set up TLS: " + e.getMessage(), e);
    }
  }

  private static TrustManager @Nullable [] trusted(@Nullable Path ca)
      throws GeneralSecurityException, IOException {
    if (ca == null) {
      return null;
    }
    KeyStore store = emptyStore();
    int count = 0;
    for (Certificate certificate : certificates(ca)) {
      store.setCertificateEntry("ca" + count++, certificate);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyManager @Nullable [] keys(TlsFiles files)
      throws GeneralSecurityException, IOException {
    Path certificate = files.certificate();
    Path key = files.key();
    if (certificate == null || key == null) {
      return null;
    }
    KeyStore store = emptyStore();
    store.setKeyEntry(
        "own", privateKey(key), NO_PASSWORD, certificates(certificate).toArray(Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static List<Certificate> certificates(Path file)
      throws GeneralSecurityException, IOException {
    try (InputStream in = Files.newInputStream(file)) {
      var found =
          new ArrayList<Certificate>(
              CertificateFactory.getInstance("X.509").generateCertificates(in));
      if (found.isEmpty()) {
        throw new SinkException("no certificate (PEM) in " + file);
      }
      return found;
    } catch (java.nio.file.FileSystemException e) {
      throw new SinkException("cannot read the certificates in " + file, e);
    }
  }

  private static PrivateKey privateKey(Path file) throws IOException {
    PrivateFiles.requirePrivate(file, "the key");
    try (Reader in = Files.newBufferedReader(file, StandardCharsets.US_ASCII);
        PEMParser pem = new PEMParser(in)) {
      Object found = pem.readObject();
      var converter = new JcaPEMKeyConverter();
      return switch (found) {
        case PrivateKeyInfo info -> converter.getPrivateKey(info);
        case PEMKeyPair pair -> converter.getPrivateKey(pair.getPrivateKeyInfo());
        case null, default ->
            throw new SinkException(
                "no private key without a password (PEM) in %s; remedy: openssl pkey -in FILE"
                    .formatted(file));
      };
    }
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
