package org.kmodwatch.image.pkcs7;

/**
 * Why the kernel does not take a signature.
 *
 * @param kind what that means for the module
 * @param error the kernel's error, for example {@code EBADMSG}
 * @param why for a person
 */
public record Refusal(Kind kind, String error, String why) {

  /** What a refusal means for the module (module_sig_check in kernel/module/signing.c). */
  public enum Kind {
    /** The module is not loaded. */
    WRONG,
    /** The kernel cannot check it: the module is loaded, unless signatures are enforced. */
    UNSUPPORTED,
    /** No key that is trusted made it: the module is loaded, unless signatures are enforced. */
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

  /** For a person: the reason, and the kernel's error for it. */
  @Override
  public String toString() {
    return "%s (%s)".formatted(why, error);
  }
}
