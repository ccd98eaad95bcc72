package org.kmodwatch.core.builtin;

import java.util.Map;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1013: a record stands for more than one attempt. One user and cgroup made so many attempts
 * that a limit suppressed them. Data has their number.
 */
public final class AttemptFlood extends LoadSignature {

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public AttemptFlood() {
    super(
        new SignatureMetadata(
            "KMW-1013",
            "1",
            "Flood of attempts to load kernel modules",
            "kernel_module_attempt_flood",
            "One user and cgroup made so many attempts to load kernel modules that they"
                + " were held back and only counted. Nothing ordinary does so: it may be to hide"
                + " one among many, or to keep the sensor busy.",
            null,
            AttackTechnique.DISABLE_TOOLS.properties(2, "defense-evasion")));
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    judge(load, verdict);
  }

  @Override
  protected void onRequest(LoadRecord request, Event event, Verdict verdict) {
    judge(request, verdict);
  }

  private static void judge(LoadRecord load, Verdict verdict) {
    if (load.repeats() > 1) {
      verdict.raise(new Value.Obj(Map.of("attempts", Value.of(load.repeats()))));
    }
  }
}
