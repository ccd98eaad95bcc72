package org.kmodwatch.image.signing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.jspecify.annotations.NullMarked;

/** Writes DER, valid and invalid. */
@NullMarked
public final class Der {

  static final byte[] NULL = {5, 0};

  private Der() {}

  public static byte[] tag(int tag, byte[]... contents) {
    byte[] all = join(contents);
    var out = new ByteArrayOutputStream();
    out.write(tag);
    if (all.length < 0x80) {
      out.write(all.length);
    } else if (all.length < 0x100) {
      out.write(0x81);
      out.write(all.length);
    } else {
      out.write(0x82);
      out.write(all.length >> 8);
      out.write(all.length);
    }
    out.writeBytes(all);
    return out.toByteArray();
  }

  public static byte[] sequence(byte[]... contents) {
    return tag(0x30, contents);
  }

  public static byte[] set(byte[]... contents) {
    return tag(0x31, contents);
  }

  public static byte[] integer(BigInteger number) {
    return tag(2, number.toByteArray());
  }

  public static byte[] integer(long number) {
    return integer(BigInteger.valueOf(number));
  }

  public static byte[] octets(byte[] bytes) {
    return tag(4, bytes);
  }

  public static byte[] oid(String dotted) {
    try {
      return new ASN1ObjectIdentifier(dotted).getEncoded();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns an AlgorithmIdentifier with NULL for its parameters. */
  public static byte[] algorithm(String dotted) {
    return sequence(oid(dotted), NULL);
  }

  public static byte[] join(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
