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
 * KMW-1008: the kernel reported that it loads a module, but the sensor saw no system call for it.
 * The record then has a gap named {@value #FIELD}. Data repeats its {@code why}.
 */
public final class LoadWithoutCall extends LoadSignature {

  private static final String FIELD = "route.syscall";

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public LoadWithoutCall() {
    super(
        new SignatureMetadata(
            "KMW-1008",
            "1",
            "Kernel module loaded without a system call seen",
            "kernel_module_without_syscall",
            "The kernel loaded a module, but the sensor saw no system call that asked for "
                + "it. Modules are loaded by system calls only, so the hooks on these calls have "
                + "been switched off (as by kernel.ftrace_enabled=0) or lost: the sensor is being "
                + "blinded.",
            null,
            AttackTechnique.DISABLE_TOOLS.properties(3, "defense-evasion")));
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    load.gaps().stream()
        .filter(gap -> gap.field().equals(FIELD))
        .findFirst()
        .ifPresent(gap -> verdict.raise(new Value.Obj(Map.of("why", Value.of(gap.why())))));
  }
}
