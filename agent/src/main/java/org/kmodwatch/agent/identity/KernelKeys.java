package org.kmodwatch.agent.identity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.image.SigningCertificates;

/**
 * The keys with which modules may be signed here: the certificates that exist as files, and the
 * keys that the running kernel trusts. The kernel only shows names and identifiers of its keys, in
 * /proc/keys (security/keys/proc.c, crypto/asymmetric_keys/asymmetric_type.c).
 */
public final class KernelKeys {

  /** An asymmetric key's line. The part of its description behind the last colon is hexadecimal. */
  private static final Pattern KEY = Pattern.compile(" asymmetri .*: ([0-9a-f]{8,}): X509\\.");

  private static final int MAX_LINES = 10_000;

  /** The owner's keys of shim and of DKMS, on Debian, Ubuntu and Fedora. */
  private static final List<String> OWNERS_KEYS =
      List.of(
          "var/lib/shim-signed/mok/MOK.der",
          "var/lib/dkms/mok.pub",
          "etc/pki/akmods/certs/public_key.der");

  private final Path root;

  /** Reads the files below {@code root}. */
  public KernelKeys(Path root) {
    this.root = root;
  }

  /**
   * Returns the certificates that are built into the installed kernels, and the owner's
   * certificates. Leaves out files that cannot be read.
   */
  public List<X509Certificate> certificates() {
    var found = new LinkedHashSet<X509Certificate>();
    for (Path file : candidates()) {
      try {
        found.addAll(SigningCertificates.of(file));
      } catch (IOException | OutOfMemoryError unreadable) {
        // On some distributions only root can read the kernels.
      }
    }
    return List.copyOf(found);
  }

  private List<Path> candidates() {
    var candidates = new ArrayList<Path>();
    OWNERS_KEYS.stream().map(root::resolve).filter(Files::isReadable).forEach(candidates::add);
    addAll(root.resolve("boot"), "vmlinuz-*", candidates);
    var releases = new ArrayList<Path>();
    addAll(root.resolve("usr/lib/modules"), "*", releases);
    releases.stream()
        .map(release -> release.resolve("vmlinuz"))
        .filter(Files::isReadable)
        .forEach(candidates::add);
    return candidates;
  }

  private static void addAll(Path folder, String glob, List<Path> into) {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
      entries.forEach(into::add);
    } catch (IOException absent) {
      // This distribution does not use this folder.
    }
  }

  /**
   * Returns whether the running kernel has the key of {@code certificate}. Returns empty if the
   * kernel does not show its keys.
   */
  public Optional<Boolean> isTrusted(X509Certificate certificate) {
    Set<String> trusted = trustedIds();
    if (trusted.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        trusted.contains(HexFormat.of().formatHex(certificate.getSerialNumber().toByteArray()))
            || trusted.contains(String.valueOf(subjectKeyId(certificate))));
  }

  private Set<String> trustedIds() {
    var ids = new HashSet<String>();
    try (var lines = Files.lines(root.resolve("proc/keys"), StandardCharsets.ISO_8859_1)) {
      lines
          .limit(MAX_LINES)
          .forEach(
              line -> {
                Matcher key = KEY.matcher(line);
                if (key.find()) {
                  ids.add(key.group(1));
                }
              });
    } catch (IOException | java.io.UncheckedIOException unreadable) {
      return Set.of();
    }
    return ids;
  }

  private static @Nullable String subjectKeyId(X509Certificate certificate) {
    byte[] extension = certificate.getExtensionValue(Extension.subjectKeyIdentifier.getId());
    return extension == null
        ? null
        : HexFormat.of()
            .formatHex(
                SubjectKeyIdentifier.getInstance(ASN1OctetString.getInstance(extension).getOctets())
                    .getKeyIdentifier());
  }
}
