package org.kmodwatch.image.pkcs7;

/**
 * Explains why the kernel refuses a signature.
 *
 * @param kind the consequence for the module
 * @param error the kernel's error, for example {@code EBADMSG}
 * @param why the reason, in words for a person
 */
public record Refusal(Kind kind, String error, String why) {

  /**
   * Lists the consequences of a refusal for the module (module_sig_check in
   * kernel/module/signing.c).
   */
  public enum Kind {
    /** The kernel does not load the module. */
    WRONG,
    /**
     * The kernel cannot check the signature. It loads the module, unless signatures are enforced.
     */
    UNSUPPORTED,
    /**
     * No trusted key made the signature. The kernel loads the module, unless signatures are
     * enforced.
     */
    NO_KEY
  }

  static Refusal malformed(String why) {
    return new Refusal(Kind.WRONG, "EBADMSG", why);
  }

  static Refusal invalid(String why) {
    return new Refusal(Kind.WRONG, "EINVAL", why);
  }

  static Refusal rejected(String why) {
    return new Refusal(Kind.WRONG, "EKEYREJECTED", why);
  }

  static Refusal unsupported(String why) {
    return new Refusal(Kind.UNSUPPORTED, "ENOPKG", why);
  }

  RefusedException exception() {
    return new RefusedException(this);
  }

  /** Returns text for a person: the reason, and the kernel's error for it. */
  @Override
  public String toString() {
    return "%s (%s)".formatted(why, error);
  }
}
