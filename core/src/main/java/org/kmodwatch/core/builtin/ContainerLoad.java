package org.kmodwatch.core.builtin;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.container.ContainerIds;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Origin;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ProcessDetails;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1005: a process in a container loaded a module, tried to, or had the kernel load one.
 *
 * <p>Data has the container of each process: {@code loader} or {@code requester} by their cgroup,
 * else {@code container} from the event.
 */
public final class ContainerLoad extends LoadSignature {

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public ContainerLoad() {
    super(
        new SignatureMetadata(
            "KMW-1005",
            "1",
            "Kernel module load from inside a container",
            "kernel_module_from_container",
            "A process in a container loaded a kernel module, tried to, or made the kernel "
                + "load one. Containers share the kernel with the host: a module loaded from a "
                + "container runs on the host with every right.",
            null,
            AttackTechnique.KERNEL_MODULES.properties(3, "privilege-escalation")));
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    var data = new LinkedHashMap<String, Value>();
    put(data, "loader", load.loader());
    put(data, "requester", load.requester() == null ? null : load.requester().process());
    if (data.isEmpty()) {
      String id = load.container().id();
      if (id == null || id.isEmpty()) {
        id = event.container().id();
      }
      if (id != null && !id.isEmpty()) {
        data.put("container", Value.of(id));
      }
    }
    if (!data.isEmpty() || event.origin() != Origin.HOST) {
      verdict.raise(data.isEmpty() ? null : new Value.Obj(data));
    }
  }

  private static void put(Map<String, Value> data, String who, @Nullable ProcessDetails process) {
    if (process != null && process.cgroup() != null) {
      ContainerIds.of(process.cgroup()).ifPresent(found -> data.put(who, Value.of(found.id())));
    }
  }
}
