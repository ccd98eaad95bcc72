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
 * KMW-1003: a module came from a folder for temporary files or from a home folder.
 *
 * <p>{@link UnlinkedFileLoad} reports a file without a name in any folder, with more detail. As
 * there, a failed attempt also counts.
 */
public final class UnusualPlaceLoad extends LoadSignature {

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public UnusualPlaceLoad() {
    super(
        new SignatureMetadata(
            "KMW-1003",
            "1",
            "Kernel module loaded from a temporary or home directory",
            "kernel_module_from_unusual_place",
            "A process with the privilege to load kernel modules loaded one, or tried to, "
                + "from a directory for temporary files or from a home directory. Installed "
                + "modules are under /lib/modules; adversaries load theirs from where they can "
                + "write.",
            null,
            AttackTechnique.KERNEL_MODULES.properties(2, "persistence")));
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    ModuleFile file = load.file();
    if (file != null
        && !UnlinkedFileLoad.isUnlinked(file)
        && (file.place() == Place.TEMPORARY || file.place() == Place.HOME)) {
      verdict.raise(null);
    }
  }
}
