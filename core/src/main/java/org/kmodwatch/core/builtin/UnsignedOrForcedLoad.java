package org.kmodwatch.core.builtin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1004: the kernel runs code of a module without a valid signature, or of a module loaded
 * without the kernel's version checks. Data has {@code taints} and {@code flags}, the known facts
 * on the {@code signature} and its {@code signer}, and whether the module is from the kernel's own
 * tree.
 *
 * <p>A kernel that checks signatures marks modules without a valid one. On a kernel that does not
 * check them, no module has a valid signature. There, only modules from outside the kernel's tree
 * count.
 *
 * <p>A call that waited for the load of another call is not judged: the kernel drops its flags, and
 * the load belongs to the other call.
 */
public final class UnsignedOrForcedLoad extends LoadSignature {

  private static final Set<String> TAINTS = Set.of("UNSIGNED", "FORCED");

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public UnsignedOrForcedLoad() {
    super(
        new SignatureMetadata(
            "KMW-1004",
            "1",
            "Unsigned or forced kernel module loaded",
            "unsigned_kernel_module",
            "A kernel module without a valid signature was loaded, or one was loaded by "
                + "force with version checks switched off. Nobody vouches for what such a module "
                + "does, and adversaries cannot sign theirs with a key that the kernel trusts.",
            null,
            AttackTechnique.KERNEL_MODULES.properties(2, "persistence")));
  }

  /** Returns whether this signature raises a finding on {@code load}. */
  static boolean isUnsignedOrForced(LoadRecord load) {
    return codeMayRun(load)
        && load.waitedOn() == null
        && (!taints(load).isEmpty()
            || !flags(load).isEmpty()
            || (isWithoutValidSignature(load) && OutOfTreeLoad.isOutOfTree(load)));
  }

  private static boolean isWithoutValidSignature(LoadRecord load) {
    ModuleSignature signature = signature(load);
    return signature != null && signature.status() != ModuleSignature.Status.VALID;
  }

  private static @Nullable ModuleSignature signature(LoadRecord load) {
    return load.image() == null ? null : load.image().signature();
  }

  private static List<String> taints(LoadRecord load) {
    return load.module().taints().stream().filter(TAINTS::contains).toList();
  }

  private static List<String> flags(LoadRecord load) {
    return load.route().flags().stream().filter(f -> f.contains("IGNORE_")).toList();
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    if (!isUnsignedOrForced(load)) {
      return;
    }
    var data = new LinkedHashMap<String, Value>();
    data.put("taints", Value.ofStrings(taints(load)));
    data.put("flags", Value.ofStrings(flags(load)));
    OutOfTreeLoad.putSignature(data, signature(load));
    if (load.module().intree() != null) {
      data.put("intree", Value.of(load.module().intree()));
    }
    verdict.raise(new Value.Obj(data));
  }
}
