package org.kmodwatch.core.signatures;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1004: code of a module without a valid signature is in the kernel, or it was loaded with the
 * kernel's checks of versions switched off. Data says which: {@code taints} and {@code flags}.
 *
 * <p>A call that waited for another one's load is left out: the kernel drops its flags, and the
 * load is that other one's.
 */
public final class UnsignedOrForcedLoad extends LoadSignature {

  private static final Set<String> TAINTS = Set.of("UNSIGNED", "FORCED");

  /** Made by {@link java.util.ServiceLoader}. */
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
            Attack.KERNEL_MODULES.properties(2, "persistence")));
  }

  @Override
  void onLoad(LoadRecord load, Event event, Verdict verdict) {
    if (!codeMayRun(load) || load.waitedOn() != null) {
      return;
    }
    List<String> taints = load.module().taints().stream().filter(TAINTS::contains).toList();
    List<String> flags = load.route().flags().stream().filter(f -> f.contains("IGNORE_")).toList();
    if (!taints.isEmpty() || !flags.isEmpty()) {
      var data = new LinkedHashMap<String, Value>();
      data.put("taints", Value.ofStrings(taints));
      data.put("flags", Value.ofStrings(flags));
      verdict.raise(new Value.Obj(data));
    }
  }
}
