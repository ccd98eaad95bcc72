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
 * What the kernel made of a module's signature (kernel/module/signing.c, module_sig_check).
 *
 * <p>It goes on with a module that has none, or one by a key that it does not have, unless it is
 * told to insist on one; it ends the load with the error of the check where the signature is wrong.
 *
 * @param accepted whether it found a good one; null if it has not looked
 * @param result 0 if it went on, else a negative errno
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
   * What is known of the signature.
   *
   * @param facts what the bytes say
   * @param enforced whether this kernel takes signed modules only; asked only where it matters
   * @return null if nothing is
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
   * Where signed modules are insisted on, a key that the kernel does not have is EKEYREJECTED too;
   * where lockdown or another security module insists, it is an answer that the check has not. Want
   * of memory says nothing.
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
