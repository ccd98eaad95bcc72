package org.kmodwatch.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerId;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.operator.DefaultAlgorithmNameFinder;
import org.jspecify.annotations.Nullable;

/**
 * The signature behind a module (include/linux/module_signature.h, certs/ and scripts/sign-file.c
 * of the kernel): the module, a PKCS#7 message without contents (RFC 5652), 12 bytes of lengths,
 * and a magic string.
 *
 * @param signedBytes how many bytes from the start are signed
 * @param signer the common name of who issued the signer's certificate; null if the signature names
 *     the key by its identifier alone
 * @param keyId serial number of that certificate, or else the identifier of the key: hexadecimal in
 *     upper case with colons
 * @param digest for example {@code sha256}
 * @param signature the bytes of the signature itself
 * @param cms the message, for the check
 * @param signerInformation the one signer in it
 */
public record AppendedSignature(
    long signedBytes,
    @Nullable String signer,
    String keyId,
    String digest,
    ByteBuffer signature,
    CMSSignedData cms,
    SignerInformation signerInformation) {

  private static final byte[] MAGIC = bytes("~Module signature appended~\n");

  /** struct module_signature. */
  private static final int TRAILER_BYTES = 12;

  private static final int ID_TYPE = 2;
  private static final int SIGNATURE_LENGTH = 8;

  /** enum pkey_id_type. */
  private static final int PKEY_ID_PKCS7 = 2;

  private static final HexFormat COLONS = HexFormat.ofDelimiter(":").withUpperCase();

  /** How long the module is without what is appended; all of it if nothing is. */
  static int bytesBefore(ByteBuffer module) {
    int end = module.limit();
    if (end < MAGIC.length + TRAILER_BYTES) {
      return end;
    }
    for (int i = 0; i < MAGIC.length; i++) {
      if (module.get(end - MAGIC.length + i) != MAGIC[i]) {
        return end;
      }
    }
    int trailerAt = end - MAGIC.length - TRAILER_BYTES;
    var trailer = new HostileBytes(module, ByteOrder.BIG_ENDIAN);
    long length = trailer.u32(trailerAt + SIGNATURE_LENGTH, "the length of the signature");
    if (length > trailerAt) {
      throw new ModuleImageException(
          "the signature is longer than the module: length=" + length,
          trailerAt + SIGNATURE_LENGTH);
    }
    return trailerAt - (int) length;
  }

  /**
   * Reads it.
   *
   * @param before what {@link #bytesBefore} said
   * @return null if nothing is appended
   */
  static @Nullable AppendedSignature read(ByteBuffer module, int before) {
    int end = module.limit();
    if (before == end) {
      return null;
    }
    int trailerAt = end - MAGIC.length - TRAILER_BYTES;
    int idType = module.get(trailerAt + ID_TYPE);
    if (idType != PKEY_ID_PKCS7) {
      throw new ModuleImageException(
          "the signature is not of a kind that kernels take: id_type=" + idType,
          trailerAt + ID_TYPE);
    }
    int length = trailerAt - before;
    if (length > ModuleImageLimits.MAX_SIGNATURE_BYTES) {
      throw new ModuleImageException(
          "the signature is longer than is allowed: length=%d, limit=%d"
              .formatted(length, ModuleImageLimits.MAX_SIGNATURE_BYTES),
          before);
    }
    var message = new byte[length];
    module.get(before, message);
    try {
      return of(before, new CMSSignedData(message));
    } catch (ModuleImageException e) {
      throw e;
    } catch (CMSException | RuntimeException e) {
      throw new ModuleImageException("the signature is not PKCS#7", before, e);
    } catch (StackOverflowError e) {
      throw new ModuleImageException("the signature is nested too deeply", before, e);
    }
  }

  private static AppendedSignature of(int before, CMSSignedData cms) {
    var signers = cms.getSignerInfos().getSigners();
    if (signers.size() != 1) {
      throw new ModuleImageException(
          "the signature is not by one signer: signers=" + signers.size(), before);
    }
    SignerInformation signer = signers.iterator().next();
    SignerId id = signer.getSID();
    byte[] key = id.getSubjectKeyIdentifier();
    return new AppendedSignature(
        before,
        id.getIssuer() == null ? null : commonName(id.getIssuer()),
        COLONS.formatHex(
            id.getSerialNumber() != null
                ? id.getSerialNumber().toByteArray()
                : key == null ? new byte[0] : key),
        digestName(signer.getDigestAlgOID()),
        ByteBuffer.wrap(signer.getSignature()).asReadOnlyBuffer(),
        cms,
        signer);
  }

  private static @Nullable String commonName(X500Name name) {
    RDN[] names = name.getRDNs(BCStyle.CN);
    return names.length == 0 || names[0].getFirst() == null
        ? null
        : IETFUtils.valueToString(names[0].getFirst().getValue());
  }

  private static String digestName(String oid) {
    return new DefaultAlgorithmNameFinder()
        .getAlgorithmName(new ASN1ObjectIdentifier(oid))
        .toLowerCase(Locale.ROOT)
        .replace("-", "");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
