package org.kmodwatch.image.pkcs7;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The identifier by which the kernel finds a key (struct asymmetric_key_id). It is the serial
 * number and the issuer of its certificate, or the identifier in its certificate. It is compared
 * byte by byte.
 */
final class KeyId {

  private final byte[] bytes;

  private KeyId(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Creates an id from serial number and issuer.
   *
   * @param serial the contents of its INTEGER
   * @param issuer the contents of its SEQUENCE
   */
  static KeyId of(byte[] serial, byte[] issuer) {
    byte[] both = Arrays.copyOf(serial, serial.length + issuer.length);
    System.arraycopy(issuer, 0, both, serial.length, issuer.length);
    return new KeyId(both);
  }

  /** Creates an id from the identifier of the key. */
  static KeyId of(byte[] identifier) {
    return new KeyId(identifier.clone());
  }

  /** Returns whether both ids exist and are equal (asymmetric_key_id_same). */
  static boolean isSame(@Nullable KeyId one, @Nullable KeyId other) {
    return one != null && one.equals(other);
  }

  boolean isEmpty() {
    return bytes.length == 0;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof KeyId id && Arrays.equals(bytes, id.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
