package org.kmodwatch.image.pkcs7;

/** Reports that the kernel stops the check of a signature. */
final class RefusedException extends Exception {

  private static final long serialVersionUID = 1;

  private final transient Refusal refusal;

  RefusedException(Refusal refusal) {
    super(refusal.toString(), null, false, false);
    this.refusal = refusal;
  }

  Refusal refusal() {
    return refusal;
  }
}
