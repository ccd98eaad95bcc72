package org.kmodwatch.core.builtin;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Outcome;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1006: code of a module may have run although the load failed. Its init can act and then
 * return an error. A parameter's callback can act even earlier.
 */
public final class CodeRanLoadFailed extends LoadSignature {

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public CodeRanLoadFailed() {
    super(
        new SignatureMetadata(
            "KMW-1006",
            "1",
            "Kernel module code ran although the load failed",
            "kernel_module_ran_and_failed",
            "Loading a kernel module failed, but only after the kernel had started to run "
                + "code of it. Such a module never appears as loaded, yet has had the chance to "
                + "do anything in the kernel; adversaries use it to leave no module behind.",
            null,
            AttackTechnique.KERNEL_MODULES.properties(1, "defense-evasion")));
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    if (load.codeMayHaveRun()
        && load.outcome() != Outcome.LOADED
        && load.outcome() != Outcome.UNKNOWN) {
      verdict.raise(null);
    }
  }
}
