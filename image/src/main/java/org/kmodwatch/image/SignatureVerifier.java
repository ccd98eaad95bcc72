package org.kmodwatch.image;

import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.image.pkcs7.MessageVerifier;
import org.kmodwatch.image.pkcs7.Refusal;
import org.kmodwatch.image.pkcs7.SignedMessage;

/**
 * Checks modules' signatures against certificates, as the kernel does against its keyrings
 * (kernel/module/signing.c). It uses the key that the signature names. It ignores a certificate's
 * dates, because the kernel has no trusted time to compare them with.
 */
public final class SignatureVerifier {

  private final MessageVerifier verifier;

  /**
   * Creates a verifier that uses only these certificates.
   *
   * @param certificates certificates of the keys that may sign modules
   */
  public SignatureVerifier(Collection<X509Certificate> certificates) {
    verifier = new MessageVerifier(certificates);
  }

  /**
   * Holds the result of a check.
   *
   * @param status the status of the signature
   * @param certificate the certificate used for the check; null if none fitted
   * @param reason why the signature is not valid; null if it is valid, or the module has no
   *     signature
   */
  public record Check(
      SignatureStatus status, @Nullable X509Certificate certificate, @Nullable String reason) {}

  /** Checks the signature of {@code image}. */
  public Check verify(ModuleImage image) {
    AppendedSignature signature = image.signature();
    if (signature == null) {
      return new Check(SignatureStatus.UNSIGNED, null, null);
    }
    Refusal refusal = signature.refusal();
    ByteBuffer message = signature.message();
    if (refusal != null || message == null) {
      return new Check(
          refusal != null && refusal.kind() == Refusal.Kind.WRONG
              ? SignatureStatus.INVALID
              : signature.signers().isEmpty()
                  ? SignatureStatus.NOT_CHECKED
                  : SignatureStatus.UNKNOWN_KEY,
          null,
          String.valueOf(refusal));
    }
    MessageVerifier.Result result =
        verifier.verify(
            SignedMessage.parse(bytes(message)),
            image.module().slice(0, (int) signature.signedBytes()));
    Refusal why = result.refusal();
    if (why == null) {
      return new Check(SignatureStatus.VALID, result.certificate(), null);
    }
    return new Check(
        switch (why.kind()) {
          case WRONG -> SignatureStatus.INVALID;
          case UNSUPPORTED -> SignatureStatus.NOT_CHECKED;
          case NO_KEY -> SignatureStatus.UNKNOWN_KEY;
        },
        result.certificate(),
        why.toString());
  }

  private static byte[] bytes(ByteBuffer buffer) {
    var bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
