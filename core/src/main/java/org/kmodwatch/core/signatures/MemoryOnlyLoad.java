package org.kmodwatch.core.signatures;

import java.util.LinkedHashSet;
import java.util.Set;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Outcome;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1001: a module came from memory, and no file of it is known.
 *
 * <p>{@code init_module} alone says nothing: libkmod uses it for every file that it unpacks itself,
 * and busybox for its second try. The record tells them apart: {@code file} is there if the loader
 * had a module file open or mapped, and {@code retryOf} names the try before. That excuses only if
 * a file was known of it: a call that failed on nothing, such as {@code finit_module(-1)}, is made
 * in no time.
 */
public final class MemoryOnlyLoad extends LoadSignature {

  /** A second try follows the first at once; so many others do not come between. */
  private static final int MAX_REMEMBERED = 1_024;

  /** Ids of the latest attempts from a file that failed, the oldest first. */
  private final Set<String> failedFromFile = new LinkedHashSet<>();

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
    if (EventNames.FINIT_MODULE.equals(load.route().syscall())
        && load.file() != null
        && load.outcome() != Outcome.LOADED) {
      remember(load.id());
    }
    if (EventNames.INIT_MODULE.equals(load.route().syscall())
        && load.route().memoryOnly()
        && !isSecondTryFromFile(load)
        && codeMayRun(load)) {
      verdict.raise(null);
    }
  }

  private boolean isSecondTryFromFile(LoadRecord load) {
    return load.retryOf() != null && failedFromFile.contains(load.retryOf());
  }

  private void remember(String id) {
    failedFromFile.add(id);
    if (failedFromFile.size() > MAX_REMEMBERED) {
      failedFromFile.remove(failedFromFile.iterator().next());
    }
  }
}
