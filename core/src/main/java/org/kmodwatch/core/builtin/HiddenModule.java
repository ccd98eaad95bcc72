package org.kmodwatch.core.builtin;

import java.util.List;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1009: a module is loaded but {@code /proc/modules} or {@code /sys/module} does not show it.
 * The producer of {@link EventNames#MODULE_HIDDEN} has checked twice, so each event is a finding.
 */
public final class HiddenModule implements Signature {

  private static final SignatureMetadata METADATA =
      new SignatureMetadata(
          "KMW-1009",
          "1",
          "Hidden kernel module",
          "hidden_kernel_module",
          "A kernel module was loaded and not unloaded, but the kernel's own lists of modules do"
              + " not show it. Modules do not leave these lists by themselves: the module has taken"
              + " itself off, as rootkits do so that lsmod and the like do not find them.",
          null,
          AttackTechnique.ROOTKIT.properties(3, "defense-evasion"));

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public HiddenModule() {}

  @Override
  public SignatureMetadata metadata() {
    return METADATA;
  }

  @Override
  public List<EventSelector> selectedEvents() {
    return List.of(EventSelector.of(Event.SOURCE_TRACEE, EventNames.MODULE_HIDDEN));
  }

  @Override
  public void onEvent(Event event, Verdict verdict) {
    if (event.eventName().equals(EventNames.MODULE_HIDDEN)) {
      verdict.raise(null);
    }
  }
}
