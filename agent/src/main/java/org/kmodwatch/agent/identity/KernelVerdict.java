package org.kmodwatch.agent.identity;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature.Status;
import org.kmodwatch.sensor.ImageReader;

/**
 * The kernel's result for a module's signature (kernel/module/signing.c, module_sig_check).
 *
 * <p>The kernel continues with a module without a signature, or with a signature by an unknown key,
 * unless signatures are enforced. If the signature is wrong, it ends the load with the error of the
 * check.
 *
 * @param accepted whether it found a good signature; null if it has not checked
 * @param result 0 if it continued, else a negative errno
 */
record KernelVerdict(@Nullable Boolean accepted, long result) {

  static KernelVerdict of(Event image) {
    Value accepted = image.argument(ImageReader.SIG_OK).orElse(Value.NULL);
    Value result = image.argument(ImageReader.SIG_RET).orElse(Value.NULL);
    return new KernelVerdict(
        accepted instanceof Value.Bool(boolean good) ? (Boolean) good : null,
        result instanceof Value.Num number ? number.signed().orElse(0) : 0);
  }

  /**
   * Returns the state of the signature.
   *
   * @param facts the facts from the bytes
   * @param enforced whether this kernel only loads signed modules; called only if it matters
   * @return the state; null if it is not known
   */
  @Nullable ModuleSignature signature(ModuleFacts facts, BooleanSupplier enforced) {
    ModuleFacts.Signer signer = facts.signature();
    if (Boolean.TRUE.equals(accepted)) {
      return signed(Status.VALID, signer);
    }
    if (facts.problem() != null) {
      return isWrong(enforced) ? signed(Status.INVALID, null) : null;
    }
    if (signer == null) {
      return signed(Status.UNSIGNED, null);
    }
    return signed(isWrong(enforced) ? Status.INVALID : Status.UNKNOWN_KEY, signer);
  }

  /**
   * Returns whether the signature is wrong. If signed modules are enforced, an unknown key is
   * EKEYREJECTED too. If lockdown or another security module enforces them, the error is not one of
   * the check. A lack of memory does not decide it.
   */
  private boolean isWrong(BooleanSupplier enforced) {
    Errno errno = Errno.ofReturnValue(result).orElse(null);
    return Boolean.FALSE.equals(accepted)
        && errno != null
        && errno.isOfSignatureCheck()
        && errno != Errno.ENOMEM
        && !(errno == Errno.EKEYREJECTED && enforced.getAsBoolean());
  }

  private static ModuleSignature signed(Status status, ModuleFacts.@Nullable Signer signer) {
    return signer == null
        ? new ModuleSignature(status, null, null, null)
        : new ModuleSignature(status, signer.name(), signer.keyId(), signer.digest());
  }
}
