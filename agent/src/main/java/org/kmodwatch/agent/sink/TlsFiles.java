package org.kmodwatch.agent.sink;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Names the PEM files of a TLS connection.
 *
 * @param ca the certificates of trusted authorities; null for Java's default
 * @param certificate our own certificate, with the intermediate certificates; null for none
 * @param key the private key of the certificate, which only its owner may read; null for none
 */
public record TlsFiles(@Nullable Path ca, @Nullable Path certificate, @Nullable Path key) {

  /** Selects Java's authorities, and no certificate of our own. */
  public static final TlsFiles NONE = new TlsFiles(null, null, null);

  /**
   * Requires that a certificate has its key.
   *
   * @throws SinkException if only one of them is set
   */
  public TlsFiles {
    if ((certificate == null) != (key == null)) {
      throw new SinkException("a client certificate needs both: certificate and key");
    }
  }
}
