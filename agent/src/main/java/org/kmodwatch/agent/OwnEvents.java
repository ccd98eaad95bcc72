package org.kmodwatch.agent;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;

/** Events that Kmodwatch makes about itself: no process is to blame for them. */
final class OwnEvents {

  private OwnEvents() {}

  static Event event(String hostName, String name, Instant now, List<Argument> args) {
    return new Event(
        Event.SOURCE_TRACEE,
        Inventory.nanos(now),
        new ProcessContext(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", null, null),
        hostName,
        ContainerContext.NONE,
        KubernetesContext.NONE,
        "0",
        name,
        null,
        0L,
        "",
        null,
        false,
        false,
        args,
        null,
        Map.of());
  }
}
