package org.kmodwatch.image.pkcs7;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether the kernel accepts a signature (verify_pkcs7_signature in certs/system_keyring.c
 * for VERIFYING_MODULE_SIGNATURE). The message itself must be right (pkcs7_verify), and must lead
 * to a trusted key (pkcs7_validate_trust).
 */
public final class MessageVerifier {

  private final List<Trusted> keys = new ArrayList<>();

  /**
   * The keys whose certificates were given, but which a kernel would not have, with the reasons.
   */
  private final Map<KeyId, Refusal> leftOut = new HashMap<>();

  /**
   * Creates a verifier that trusts only these certificates.
   *
   * @param certificates certificates of the keys; those that a kernel would not add to its keyring
   *     are left out
   */
  public MessageVerifier(Collection<X509Certificate> certificates) {
    for (X509Certificate certificate : certificates) {
      try {
        byte[] encoded = certificate.getEncoded();
        keys.add(new Trusted(certificate, Certificate.parse(encoded, 0, encoded.length)));
      } catch (CertificateEncodingException e) {
        throw new IllegalArgumentException("a certificate without an encoding", e);
      } catch (RefusedException notInAnyKeyring) {
        leftOut.put(idOf(certificate), notInAnyKeyring.refusal());
      }
    }
  }

  private static KeyId idOf(X509Certificate certificate) {
    byte[] issuer = certificate.getIssuerX500Principal().getEncoded();
    int contents = issuer.length < 0x80 + 2 ? 2 : issuer.length < 0x100 + 3 ? 3 : 4;
    return KeyId.of(
        certificate.getSerialNumber().toByteArray(),
        Arrays.copyOfRange(issuer, contents, issuer.length));
  }

  private record Trusted(X509Certificate certificate, Certificate parsed) {}

  /**
   * Holds the result of a check.
   *
   * @param refusal why the kernel refuses the signature; null if it accepts it
   * @param certificate the trusted certificate used for the check; null if none fitted
   */
  public record Result(@Nullable Refusal refusal, @Nullable X509Certificate certificate) {}

  /**
   * Checks a message.
   *
   * @param signed the bytes that the message should sign
   */
  public Result verify(SignedMessage message, ByteBuffer signed) {
    return message
        .refusal()
        .map(refusal -> new Result(refusal, null))
        .orElseGet(() -> new Check(message, signed).run());
  }

  /** Checks one message once. */
  private final class Check {

    private final SignedMessage message;
    private final ByteBuffer signed;
    private final Map<String, byte[]> digests = new HashMap<>();

    /**
     * The authority whose key signed a certificate, by that certificate. The certificates are those
     * of the message and of the signers.
     */
    private final Map<Certificate, Certificate> authorities = new HashMap<>();

    private final Set<Certificate> verified = new HashSet<>();
    private final Set<Certificate> seen = new HashSet<>();
    private @Nullable X509Certificate matched;

    Check(SignedMessage message, ByteBuffer signed) {
      this.message = message;
      this.signed = signed;
    }

    Result run() {
      var checkable = new ArrayList<Signer>();
      Refusal unsupported = null;
      for (SignedMessage.Signer info : message.signers()) {
        try {
          checkable.add(internallyRight(info));
        } catch (RefusedException e) {
          if (e.refusal().kind() != Refusal.Kind.UNSUPPORTED) {
            return new Result(e.refusal(), null);
          }
          unsupported = e.refusal();
        }
      }
      if (checkable.isEmpty()) {
        return new Result(unsupported, null);
      }
      boolean trusted = false;
      for (Signer signer : checkable) {
        try {
          trusted |= isTrusted(signer);
        } catch (RefusedException e) {
          return new Result(e.refusal(), matched);
        }
      }
      if (trusted && unsupported == null) {
        return new Result(null, matched);
      }
      return new Result(unsupported != null ? unsupported : noKey(), null);
    }

    private Refusal noKey() {
      for (SignedMessage.Signer info : message.signers()) {
        Refusal why = leftOut.get(info.id());
        if (why != null) {
          return new Refusal(
              Refusal.Kind.NO_KEY, "ENOKEY", "kernels do not take its certificate: " + why.why());
        }
      }
      return new Refusal(Refusal.Kind.NO_KEY, "ENOKEY", "no certificate is here for its key");
    }

    /** A signer with its certificate from the message; null if the message does not have it. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Signer(
        SignedMessage.Signer info, byte[] digest, @Nullable Certificate certificate) {

      void checkSignedBy(PublicKey key) throws RefusedException {
        String algorithm = info.algorithm();
        String hash = info.hash();
        if (algorithm == null || hash == null) {
          throw Refusal.unsupported("the signature's algorithm is not known").exception();
        }
        key.check(algorithm, hash, info.signature(), digest);
      }
    }

    /** Checks a signer within the message (pkcs7_verify_one). */
    private Signer internallyRight(SignedMessage.Signer info) throws RefusedException {
      byte[] digest = digest(String.valueOf(info.hash()));
      Certificate own =
          message.certificates().stream()
              .filter(certificate -> certificate.id().equals(info.id()))
              .findFirst()
              .orElse(null);
      var signer = new Signer(info, digest, own);
      if (own != null) {
        Long time = info.signingTime();
        if (time != null && (time < own.from() || time > own.until())) {
          throw Refusal.rejected("signed at a time outside of the dates of its certificate")
              .exception();
        }
        signer.checkSignedBy(own.key());
        followChain(own);
      }
      return signer;
    }

    private byte[] digest(String hash) throws RefusedException {
      byte[] known = digests.get(hash);
      if (known == null) {
        MessageDigest function = PublicKey.digest(hash);
        function.update(signed.duplicate());
        known = function.digest();
        digests.put(hash, known);
      }
      return known;
    }

    /**
     * Follows the certificates of the message from one to its authority (pkcs7_verify_sig_chain).
     */
    private void followChain(Certificate first) throws RefusedException {
      Set<Certificate> passed = new HashSet<>();
      Certificate certificate = first;
      while (true) {
        passed.add(certificate);
        if (certificate.selfSigned()) {
          authorities.put(certificate, certificate);
          return;
        }
        Optional<Certificate> authority = authorityInside(certificate);
        if (authority.isEmpty() || passed.contains(authority.get())) {
          return;
        }
        if (!authority.get().equals(authorities.get(certificate))) {
          certificate.checkSignedBy(authority.get().key());
          authorities.put(certificate, authority.get());
        }
        certificate = authority.get();
      }
    }

    private Optional<Certificate> authorityInside(Certificate certificate) throws RefusedException {
      KeyId issuedBy = certificate.issuedBy();
      KeyId issuedByKey = certificate.issuedByKey();
      for (Certificate other : message.certificates()) {
        if (KeyId.isSame(issuedBy, other.id())) {
          if (issuedByKey != null && !KeyId.isSame(issuedByKey, other.keyIdentifier())) {
            throw Refusal.rejected("a certificate inside of the signature names two authorities")
                .exception();
          }
          return Optional.of(other);
        }
        if (issuedBy == null && KeyId.isSame(issuedByKey, other.keyIdentifier())) {
          return Optional.of(other);
        }
      }
      return Optional.empty();
    }

    /**
     * Returns whether a trusted key signed (pkcs7_validate_trust_one); false where the kernel
     * returns ENOKEY.
     */
    private boolean isTrusted(Signer signer) throws RefusedException {
      Certificate last = null;
      for (Certificate certificate = signer.certificate();
          certificate != null;
          certificate = authorities.get(certificate)) {
        if (!seen.add(certificate)) {
          return verified.contains(certificate) && markVerified(signer, certificate);
        }
        List<Trusted> same = find(certificate.id(), certificate.keyIdentifier(), false);
        if (!same.isEmpty()) {
          checkSignedByEach(same, signer, last);
          return markVerified(signer, certificate);
        }
        if (certificate.equals(authorities.get(certificate))) {
          return false;
        }
        last = certificate;
      }
      if (last != null && (last.issuedBy() != null || last.issuedByKey() != null)) {
        KeyId id = last.issuedBy();
        KeyId keyIdentifier = last.issuedByKey();
        List<Trusted> authority =
            id == null ? find(keyIdentifier, null, true) : find(id, keyIdentifier, true);
        if (!authority.isEmpty()) {
          checkSignedByEach(authority, signer, last);
          return markVerified(signer, last);
        }
      }
      List<Trusted> direct = find(signer.info().id(), null, true);
      if (direct.isEmpty()) {
        return false;
      }
      checkSignedByEach(direct, signer, null);
      return true;
    }

    private boolean markVerified(Signer signer, Certificate upTo) {
      verified.add(upTo);
      for (Certificate certificate = signer.certificate();
          certificate != null && !certificate.equals(upTo);
          certificate = authorities.get(certificate)) {
        verified.add(certificate);
      }
      return true;
    }

    /**
     * Returns the keys of an identifier (find_asymmetric_key). If a second identifier is given, it
     * must fit too.
     */
    private List<Trusted> find(@Nullable KeyId id, @Nullable KeyId second, boolean insist)
        throws RefusedException {
      if (insist && id != null && id.isEmpty()) {
        throw Refusal.invalid("an identifier of a key that is empty").exception();
      }
      List<Trusted> found =
          keys.stream()
              .filter(
                  key ->
                      KeyId.isSame(key.parsed().id(), id)
                          || KeyId.isSame(key.parsed().keyIdentifier(), id))
              .toList();
      if (second == null) {
        return found;
      }
      List<Trusted> fitting =
          found.stream().filter(key -> KeyId.isSame(key.parsed().keyIdentifier(), second)).toList();
      if (insist && fitting.size() < found.size()) {
        throw Refusal.rejected("the key that it names has another identifier").exception();
      }
      return fitting;
    }

    /**
     * Checks with each of {@code trusted} the signature of {@code certificate}, or of the module if
     * that is null. Several keys have the same name only if they were made so on purpose. The
     * kernel then uses one of them, and which one is not defined.
     */
    private void checkSignedByEach(
        List<Trusted> trusted, Signer signer, @Nullable Certificate certificate)
        throws RefusedException {
      for (Trusted one : trusted) {
        matched = one.certificate();
        try {
          if (certificate == null) {
            signer.checkSignedBy(one.parsed().key());
          } else {
            certificate.checkSignedBy(one.parsed().key());
          }
        } catch (RefusedException e) {
          throw e.refusal().kind() == Refusal.Kind.UNSUPPORTED
              ? e
              : Refusal.rejected(e.refusal().why()).exception();
        }
      }
    }
  }
}
