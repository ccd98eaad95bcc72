package org.kmodwatch.core.signatures;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1001: a module came from memory, and no file of it is known.
 *
 * <p>{@code init_module} alone says nothing: libkmod uses it for every file that it unpacks itself,
 * and busybox for its second try. The record tells them apart: {@code file} is there if the loader
 * had a module file open or mapped, {@code retryOf} if it had just tried the same from a file.
 */
public final class MemoryOnlyLoad extends LoadSignature {

  /** Made by {@link java.util.ServiceLoader}. */
  public MemoryOnlyLoad() {
    super(
        new SignatureMetadata(
            "KMW-1001",
            "1",
            "Kernel module loaded from memory only",
            "kernel_module_from_memory",
            "A kernel module was loaded from memory by a process that had no module file "
                + "open or mapped. Tools that load modules read them from a file; adversaries "
                + "hand the bytes over directly so that nothing is left on disk to be found.",
            null,
            Attack.KERNEL_MODULES.properties(3, "persistence")));
  }

  @Override
  void onLoad(LoadRecord load, Event event, Verdict verdict) {
    if (EventNames.INIT_MODULE.equals(load.route().syscall())
        && load.file() == null
        && load.retryOf() == null
        && codeMayRun(load)) {
      verdict.raise(null);
    }
  }
}
