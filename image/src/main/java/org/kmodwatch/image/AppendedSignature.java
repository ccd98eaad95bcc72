package org.kmodwatch.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.image.pkcs7.Refusal;
import org.kmodwatch.image.pkcs7.SignedMessage;

/**
 * The signature appended to a module (include/linux/module_signature.h, kernel/module_signature.c
 * and scripts/sign-file.c of the kernel). After the module follow a PKCS#7 message without contents
 * (RFC 5652), 12 bytes of lengths, and a magic string. Kernels before 4.3 had a name, a key and a
 * bare signature instead of the message.
 *
 * <p>Reading the signature never fails: the module stays readable even if no kernel accepts its
 * signature.
 *
 * @param signedBytes how many bytes from the start are signed
 * @param signers the named signers; empty if they cannot be read
 * @param message the message for the check; null without a message
 * @param refusal why the kernel does not check the signature; null if it does
 * @param unreadable why the signers cannot be read; null if they can
 */
public record AppendedSignature(
    long signedBytes,
    List<Signer> signers,
    @Nullable ByteBuffer message,
    @Nullable Refusal refusal,
    @Nullable Refusal unreadable) {

  private static final byte[] MAGIC =
      "~Module signature appended~\n".getBytes(StandardCharsets.US_ASCII);

  /** The size that struct module_signature has, in bytes. */
  private static final int TRAILER_BYTES = 12;

  private static final int HASH = 1;
  private static final int ID_TYPE = 2;
  private static final int SIGNER_LENGTH = 3;
  private static final int KEY_ID_LENGTH = 4;
  private static final int SIGNATURE_LENGTH = 8;

  /** The value that enum pkey_id_type has for PKCS#7. */
  private static final int PKEY_ID_PKCS7 = 2;

  /** The values that enum pkey_hash_algo has in kernels before 4.3. */
  private static final List<String> OLD_DIGESTS =
      List.of("md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224");

  private static final HexFormat COLONS = HexFormat.ofDelimiter(":").withUpperCase();

  /**
   * Copies the list.
   *
   * @param signedBytes how many bytes from the start are signed
   * @param signers the named signers; empty if they cannot be read
   * @param message the message for the check; null without a message
   * @param refusal why the kernel does not check the signature; null if it does
   * @param unreadable why the signers cannot be read; null if they can
   */
  public AppendedSignature {
    signers = List.copyOf(signers);
  }

  /**
   * A signer that the signature names.
   *
   * @param name the common name of the issuer of the signer's certificate; null if the signature
   *     names the key only by its identifier
   * @param keyId serial number of that certificate, or else the identifier of the key: hexadecimal
   *     in upper case with colons, as modinfo writes it
   * @param digest for example {@code sha256}; null if that cannot be read
   * @param signature the bytes of the signature itself; empty if they cannot be read
   */
  public record Signer(
      @Nullable String name, String keyId, @Nullable String digest, ByteBuffer signature) {}

  /** Returns the signer that modinfo shows; empty if no signer can be read. */
  public Optional<Signer> first() {
    return signers.stream().findFirst();
  }

  /**
   * Returns why no kernel accepts the signature, or why it cannot be read; null if neither applies.
   */
  public @Nullable String problem() {
    Refusal why = refusal == null ? unreadable : refusal;
    return why == null ? null : why.toString();
  }

  /**
   * Returns the length of the module without the appended data; its full length if nothing is
   * appended.
   */
  static int bytesBefore(ByteBuffer module) {
    int end = module.limit();
    if (end < MAGIC.length + TRAILER_BYTES) {
      return end;
    }
    for (int i = 0; i < MAGIC.length; i++) {
      if (module.get(bytesBeforeMagic(module) + i) != MAGIC[i]) {
        return end;
      }
    }
    var trailer = new Trailer(module);
    return (int) Math.max(0, trailer.at - trailer.appended());
  }

  /** Returns the length of a module with appended data, without the magic string. */
  static int bytesBeforeMagic(ByteBuffer module) {
    return module.limit() - MAGIC.length;
  }

  /** The lengths after the signature, which are not trusted. */
  private static final class Trailer {
    private final HostileBytes bytes;
    private final int at;

    Trailer(ByteBuffer module) {
      this.at = module.limit() - MAGIC.length - TRAILER_BYTES;
      this.bytes = new HostileBytes(module.slice(at, TRAILER_BYTES), ByteOrder.BIG_ENDIAN);
    }

    int field(int offset) {
      return bytes.u8(offset, "a length of the signature");
    }

    /** Returns the length of the signature. A value over 2 GiB cannot be a valid length here. */
    long signatureBytes() {
      return bytes.u32(SIGNATURE_LENGTH, "the length of the signature");
    }

    boolean isPkcs7() {
      return field(ID_TYPE) == PKEY_ID_PKCS7;
    }

    /**
     * Returns the number of bytes between the module and this trailer; 0 if the module has fewer.
     */
    long appended() {
      long all = signatureBytes() + (isPkcs7() ? 0 : field(SIGNER_LENGTH) + field(KEY_ID_LENGTH));
      return all > at ? 0 : all;
    }

    /** Returns why mod_check_sig refuses the trailer; null if it does not. */
    @Nullable Refusal refusal() {
      if (signatureBytes() >= at) {
        return new Refusal(
            Refusal.Kind.WRONG,
            "EBADMSG",
            "the signature is longer than the module: length=" + signatureBytes());
      }
      if (!isPkcs7()) {
        return new Refusal(
            Refusal.Kind.UNSUPPORTED,
            "ENOPKG",
            field(ID_TYPE) < PKEY_ID_PKCS7
                ? "it is in the form of kernels before 4.3, which later ones do not check"
                : "it is of a kind that kernels do not know: id_type=" + field(ID_TYPE));
      }
      for (int offset = 0; offset < SIGNATURE_LENGTH; offset++) {
        if (offset != ID_TYPE && field(offset) != 0) {
          return new Refusal(
              Refusal.Kind.WRONG,
              "EBADMSG",
              "byte %d of the %d behind the signature is not 0".formatted(offset, TRAILER_BYTES));
        }
      }
      return null;
    }
  }

  /**
   * Reads the signature.
   *
   * @param before the result of {@link #bytesBefore}
   * @return the signature; null if nothing is appended
   */
  static @Nullable AppendedSignature read(ByteBuffer module, int before) {
    if (before == module.limit()) {
      return null;
    }
    var trailer = new Trailer(module);
    Refusal refusal = trailer.refusal();
    // One byte more than a kernel reads is enough: more bytes change nothing.
    var appended = new byte[Math.min(trailer.at - before, SignedMessage.MAX_BYTES + 1)];
    module.get(before, appended);
    if (!trailer.isPkcs7()) {
      return new AppendedSignature(before, oldSigner(trailer, appended), null, refusal, null);
    }
    SignedMessage message = SignedMessage.signersOf(appended);
    return new AppendedSignature(
        before,
        message.signers().stream().map(AppendedSignature::signer).toList(),
        ByteBuffer.wrap(appended).asReadOnlyBuffer(),
        refusal,
        message.signers().isEmpty() ? message.refused() : null);
  }

  private static List<Signer> oldSigner(Trailer trailer, byte[] appended) {
    int nameBytes = trailer.field(SIGNER_LENGTH);
    int keyBytes = trailer.field(KEY_ID_LENGTH);
    if (trailer.field(ID_TYPE) > PKEY_ID_PKCS7
        || nameBytes + keyBytes == 0
        || nameBytes + keyBytes > appended.length) {
      return List.of();
    }
    int keyEnd = nameBytes + keyBytes;
    int hash = trailer.field(HASH);
    return List.of(
        new Signer(
            nameBytes == 0 ? null : new String(appended, 0, nameBytes, StandardCharsets.UTF_8),
            COLONS.formatHex(appended, nameBytes, keyEnd),
            hash < OLD_DIGESTS.size() ? OLD_DIGESTS.get(hash) : null,
            ByteBuffer.wrap(Arrays.copyOfRange(appended, keyEnd, appended.length))
                .asReadOnlyBuffer()));
  }

  private static Signer signer(SignedMessage.Signer signer) {
    byte[] issuer = signer.issuer();
    byte[] serial = signer.serial();
    byte[] identifier = signer.identifier();
    return new Signer(
        issuer == null ? null : commonName(issuer),
        COLONS.formatHex(
            serial != null ? magnitude(serial) : identifier == null ? new byte[0] : identifier),
        signer.digestAlgorithm(),
        ByteBuffer.wrap(signer.signature()).asReadOnlyBuffer());
  }

  /** Returns a number without its sign, as OpenSSL prints serial numbers. */
  private static byte[] magnitude(byte[] number) {
    if (number.length == 0) {
      return number;
    }
    byte[] bytes = new BigInteger(number).abs().toByteArray();
    return bytes.length > 1 && bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
  }

  private static @Nullable String commonName(byte[] name) {
    var der = new ByteArrayOutputStream();
    der.write(0x30);
    der.write(0x82);
    der.write(name.length >> Byte.SIZE);
    der.write(name.length);
    der.writeBytes(name);
    try {
      RDN[] names =
          X500Name.getInstance(ASN1Primitive.fromByteArray(der.toByteArray())).getRDNs(BCStyle.CN);
      return names.length == 0 || names[0].getFirst() == null
          ? null
          : IETFUtils.valueToString(names[0].getFirst().getValue());
    } catch (IOException | RuntimeException | StackOverflowError notOne) {
      return null;
    }
  }
}
