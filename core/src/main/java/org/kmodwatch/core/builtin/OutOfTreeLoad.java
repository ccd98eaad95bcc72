package org.kmodwatch.core.builtin;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1010: the kernel runs code of a module from outside its own source tree, with a signature
 * that it accepted. {@link UnsignedOrForcedLoad} reports modules without a signature. Data has the
 * module's origin: {@code signature}, {@code signer}, {@code license}, {@code package}.
 */
public final class OutOfTreeLoad extends LoadSignature {

  private static final String TAINT = "OUT_OF_TREE";

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public OutOfTreeLoad() {
    super(
        new SignatureMetadata(
            "KMW-1010",
            "1",
            "Out-of-tree kernel module loaded",
            "out_of_tree_kernel_module",
            "A signed kernel module was loaded that is not built from the kernel's own "
                + "sources. Drivers of vendors are such modules; so are those of adversaries who "
                + "hold, or have enrolled, a key that the kernel trusts.",
            null,
            AttackTechnique.KERNEL_MODULES.properties(1, "persistence")));
  }

  /** Returns whether the kernel marked the module as out-of-tree, or the module itself says so. */
  static boolean isOutOfTree(LoadRecord load) {
    return load.module().taints().contains(TAINT) || Boolean.FALSE.equals(load.module().intree());
  }

  /** Puts the known facts on a signature into a finding's data. */
  static void putSignature(Map<String, Value> data, @Nullable ModuleSignature signature) {
    if (signature != null) {
      data.put("signature", Value.of(signature.status().word()));
      if (signature.signer() != null) {
        data.put("signer", Value.of(signature.signer()));
      }
    }
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    if (!codeMayRun(load)
        || load.waitedOn() != null
        || !isOutOfTree(load)
        || UnsignedOrForcedLoad.isUnsignedOrForced(load)) {
      return;
    }
    var data = new LinkedHashMap<String, Value>();
    putSignature(data, load.image() == null ? null : load.image().signature());
    if (load.module().license() != null) {
      data.put("license", Value.of(load.module().license()));
    }
    PackageOwner owner = load.file() == null ? null : load.file().owner();
    if (owner != null) {
      data.put("package", Value.of(owner.name()));
    }
    verdict.raise(data.isEmpty() ? null : new Value.Obj(data));
  }
}
