package org.kmodwatch.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessable;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.jspecify.annotations.Nullable;

/**
 * Checks modules' signatures against certificates, as the kernel does against its keyrings
 * (kernel/module/signing.c, crypto/asymmetric_keys/pkcs7_verify.c): by the key that the signature
 * names, and whatever the time. A certificate's dates are not looked at, since the kernel has none
 * to trust either.
 */
public final class SignatureVerifier {

  private final List<Trusted> trusted = new ArrayList<>();

  /**
   * Checks against these and no others.
   *
   * @param certificates of the keys that modules may be signed with
   */
  public SignatureVerifier(Collection<X509Certificate> certificates) {
    for (X509Certificate certificate : certificates) {
      try {
        trusted.add(new Trusted(certificate, new JcaX509CertificateHolder(certificate)));
      } catch (CertificateEncodingException e) {
        throw new IllegalArgumentException("a certificate without an encoding", e);
      }
    }
  }

  private record Trusted(X509Certificate certificate, JcaX509CertificateHolder holder) {}

  /**
   * What a check came to.
   *
   * @param status the result
   * @param certificate the certificate that it was checked with; null if none fitted
   */
  public record Check(SignatureStatus status, @Nullable X509Certificate certificate) {}

  /** What the signature of {@code image} is. */
  public Check verify(ModuleImage image) {
    AppendedSignature signature = image.signature();
    if (signature == null) {
      return new Check(SignatureStatus.UNSIGNED, null);
    }
    var result = new Check(SignatureStatus.UNKNOWN_KEY, null);
    for (Trusted one : trusted) {
      if (signature.signerInformation().getSID().match(one.holder())) {
        if (isRight(image.module(), signature, one.certificate())) {
          return new Check(SignatureStatus.VALID, one.certificate());
        }
        result = new Check(SignatureStatus.INVALID, one.certificate());
      }
    }
    return result;
  }

  private static boolean isRight(
      ByteBuffer module, AppendedSignature signature, X509Certificate certificate) {
    try {
      var contents = new Contents(module.slice(0, (int) signature.signedBytes()));
      SignerInformation signer =
          new CMSSignedData(contents, signature.cms().toASN1Structure())
              .getSignerInfos()
              .getSigners()
              .iterator()
              .next();
      return signer.verify(
          new JcaSimpleSignerInfoVerifierBuilder().build(certificate.getPublicKey()));
    } catch (CMSException | OperatorCreationException | RuntimeException wrong) {
      return false;
    }
  }

  /** The signed bytes, piece by piece. */
  private record Contents(ByteBuffer bytes) implements CMSProcessable {
    private static final int PIECE = 32 << 10;

    @Override
    public void write(OutputStream out) throws IOException {
      var piece = new byte[PIECE];
      ByteBuffer left = bytes.duplicate();
      while (left.hasRemaining()) {
        int length = Math.min(PIECE, left.remaining());
        left.get(piece, 0, length);
        out.write(piece, 0, length);
      }
    }

    @Override
    public Object getContent() {
      return bytes;
    }
  }
}
