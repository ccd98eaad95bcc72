package org.kmodwatch.core.builtin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadEvent;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * TRC-1017: a kernel module is being loaded.
 *
 * <p>{@code init_module} is always a finding. {@code security_kernel_read_file} is a finding if it
 * reads a module ({@link LoadEvent}). If the purpose of the read is not known, the event is
 * reported as malformed.
 */
public final class KernelModuleLoading implements Signature {

  private static final SignatureMetadata METADATA =
      new SignatureMetadata(
          "TRC-1017",
          "1",
          "Kernel module loading detected",
          "kernel_module_loading",
          "Loading of a kernel module was detected. Kernel modules are meant for execution in the"
              + " kernel environment. Adversaries might load such modules to enhance their"
              + " functionalities and to elude detection by operating directly within the kernel,"
              + " sidestepping user space.",
          null,
          properties());

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public KernelModuleLoading() {}

  @Override
  public SignatureMetadata metadata() {
    return METADATA;
  }

  @Override
  public List<EventSelector> selectedEvents() {
    return List.of(
        EventSelector.of(Event.SOURCE_TRACEE, EventNames.INIT_MODULE),
        EventSelector.of(Event.SOURCE_TRACEE, EventNames.SECURITY_KERNEL_READ_FILE));
  }

  @Override
  public void onEvent(Event event, Verdict verdict) {
    switch (LoadEvent.of(event)) {
      case LoadEvent.FileRead read when !read.done() -> verdict.raise(null);
      case LoadEvent.OfAttempt call when event.eventName().equals(EventNames.INIT_MODULE) ->
          verdict.raise(null);
      case LoadEvent.Unrelated(String problem) when problem != null -> verdict.malformed(problem);
      default -> {
        // This signature did not select the event.
      }
    }
  }

  private static Map<String, Value> properties() {
    var properties = new LinkedHashMap<String, Value>();
    properties.put("Severity", Value.of(2));
    properties.put("Category", Value.of("persistence"));
    properties.put("Technique", Value.of("Kernel Modules and Extensions"));
    properties.put("Kubernetes_Technique", Value.of("N/A"));
    properties.put("id", Value.of("attack-pattern--a1b52199-c8c5-438a-9ded-656f1d0888c6"));
    properties.put("external_id", Value.of("T1547.006"));
    return properties;
  }
}
