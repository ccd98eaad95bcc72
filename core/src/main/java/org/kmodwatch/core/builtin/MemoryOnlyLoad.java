package org.kmodwatch.core.builtin;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1001: a module came from memory, and no file of it is known.
 *
 * <p>{@code init_module} alone proves nothing: libkmod uses it for every file that it unpacks
 * itself, and busybox for its second try. The record distinguishes these cases. It has a {@code
 * file} only if the loader had a file open, or had just tried it, whose content is the module's
 * bytes, plain or unpacked.
 */
public final class MemoryOnlyLoad extends LoadSignature {

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public MemoryOnlyLoad() {
    super(
        new SignatureMetadata(
            "KMW-1001",
            "1",
            "Kernel module loaded from memory only",
            "kernel_module_from_memory",
            "A kernel module was loaded from memory by a process that had no module file with these"
                + " bytes open. Tools that load modules read them from a file; adversaries hand the"
                + " bytes over directly so that nothing is left on disk to be found.",
            null,
            AttackTechnique.KERNEL_MODULES.properties(3, "persistence")));
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    if (EventNames.INIT_MODULE.equals(load.route().syscall())
        && load.route().memoryOnly()
        && codeMayRun(load)) {
      verdict.raise(null);
    }
  }
}
