package org.kmodwatch.agent.sink;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What TLS is to trust and to show, in PEM files.
 *
 * @param ca certificates of those who may vouch for the receiver; null for those that Java trusts
 * @param certificate our own certificate, with those between it and its authority; null for none
 * @param key the private key for it, for nobody but its owner to read; null for none
 */
public record TlsFiles(@Nullable Path ca, @Nullable Path certificate, @Nullable Path key) {

  /** Java's authorities, and no certificate of our own. */
  public static final TlsFiles NONE = new TlsFiles(null, null, null);

  /**
   * Makes sure that a certificate has its key.
   *
   * @throws SinkException if there is one without the other
   */
  public TlsFiles {
    if ((certificate == null) != (key == null)) {
      throw new SinkException("a client certificate needs both: certificate and key");
    }
  }
}
