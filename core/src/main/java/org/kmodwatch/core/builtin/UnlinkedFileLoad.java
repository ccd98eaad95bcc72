package org.kmodwatch.core.builtin;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ModuleFile;
import org.kmodwatch.core.load.LoadRecord.Place;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1002: a module came from a memfd, or from a file that no name leads to.
 *
 * <p>A failed attempt also counts. The file is known only if the attempt passed the kernel's
 * privilege check, and ordinary software makes no such attempt.
 */
public final class UnlinkedFileLoad extends LoadSignature {

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public UnlinkedFileLoad() {
    super(
        new SignatureMetadata(
            "KMW-1002",
            "1",
            "Kernel module loaded from a memfd or a deleted file",
            "kernel_module_from_unlinked_file",
            "A process with the privilege to load kernel modules loaded one, or tried to, "
                + "from a memfd or from a file that had been deleted. Both keep the module from "
                + "being found on disk afterwards.",
            null,
            AttackTechnique.KERNEL_MODULES.properties(3, "persistence")));
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    ModuleFile file = load.file();
    if (file != null && isUnlinked(file)) {
      verdict.raise(null);
    }
  }

  /** Returns whether no name leads to {@code file}. */
  static boolean isUnlinked(ModuleFile file) {
    return file.deleted() || file.place() == Place.MEMFD;
  }
}
