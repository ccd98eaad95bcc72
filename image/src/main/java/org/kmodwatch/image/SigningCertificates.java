package org.kmodwatch.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads certificates of the keys that sign modules. They come from PEM or DER files, or from a
 * kernel, which has its trusted certificates linked in (certs/system_certificates.S).
 */
public final class SigningCertificates {

  private static final String PEM = "-----BEGIN CERTIFICATE-----";

  /** A SEQUENCE with a two-byte length that begins with another: a certificate may begin here. */
  private static final int SEQUENCE_LONG = 0x3082;

  private static final int MAX_CERTIFICATE_BYTES = 16 << 10;
  private static final int MAX_CERTIFICATES = 256;

  /**
   * The largest size of a file. An uncompressed kernel has some 60 MiB, and several hundred with
   * its symbols.
   */
  private static final long MAX_BYTES = 1L << 30;

  private SigningCertificates() {}

  /**
   * Returns the certificates in a file.
   *
   * @param file certificates as PEM or DER, {@code vmlinux}, or {@code vmlinuz} for x86
   * @return the certificates; empty if the file has none
   * @throws IOException if the file cannot be read, or is not a regular file
   */
  public static List<X509Certificate> of(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // Opening a named pipe would block until another process writes to it.
      throw new IOException("not a regular file: " + file);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() > MAX_BYTES) {
        throw new IOException(file + " is too large to look for certificates in");
      }
      return of(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
    }
  }

  /** Returns the certificates in the contents of a file, as for {@link #of(Path)}. */
  public static List<X509Certificate> of(ByteBuffer bytes) {
    var found = new LinkedHashSet<X509Certificate>();
    if (isPem(bytes)) {
      var text = new byte[bytes.remaining()];
      bytes.duplicate().get(text);
      fromPem(new String(text, StandardCharsets.ISO_8859_1), found);
    } else {
      scan(BootImage.kernelIn(bytes).orElse(bytes), found);
    }
    return List.copyOf(found);
  }

  private static boolean isPem(ByteBuffer bytes) {
    var head = new byte[Math.min(bytes.remaining(), 1 << 12)];
    bytes.duplicate().get(head);
    return new String(head, StandardCharsets.ISO_8859_1).contains(PEM);
  }

  private static void fromPem(String text, Set<X509Certificate> found) {
    int at = text.indexOf(PEM);
    while (at >= 0 && found.size() < MAX_CERTIFICATES) {
      parse(text.substring(at).getBytes(StandardCharsets.ISO_8859_1), found);
      at = text.indexOf(PEM, at + PEM.length());
    }
  }

  private static void scan(ByteBuffer bytes, Set<X509Certificate> found) {
    ByteBuffer in = bytes.slice().order(ByteOrder.BIG_ENDIAN);
    int last = in.limit() - 8;
    for (int at = 0; at <= last && found.size() < MAX_CERTIFICATES; at++) {
      if (in.get(at) != 0x30
          || (in.getShort(at) & 0xffff) != SEQUENCE_LONG
          || (in.getShort(at + 4) & 0xffff) != SEQUENCE_LONG) {
        continue;
      }
      int length = 4 + (in.getShort(at + 2) & 0xffff);
      if (length <= MAX_CERTIFICATE_BYTES && length <= in.limit() - at) {
        var der = new byte[length];
        in.get(at, der);
        if (parse(der, found)) {
          at += length - 1;
        }
      }
    }
  }

  private static boolean parse(byte[] certificate, Set<X509Certificate> found) {
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      return found.add(
          (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(certificate)));
    } catch (CertificateException | RuntimeException notOne) {
      return false;
    }
  }
}
