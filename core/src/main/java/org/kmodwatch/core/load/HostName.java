package org.kmodwatch.core.load;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;

/**
 * Tells threads of one machine from those of others by the name of the host that their events have.
 * The name is that of the thread's UTS namespace. In one of its own, as containers have, and
 * anybody can make, it says nothing of the machine.
 */
final class HostName {

  /** PROC_UTS_INIT_INO of include/linux/proc_ns.h. */
  private static final long INITIAL_NAMESPACE = 0xEFFFFFFEL;

  private HostName() {}

  /** The name of the machine; null if the thread has another one, as far as is known. */
  static @Nullable String of(Event event) {
    boolean own =
        SensorContexts.of(event)
            .map(SensorContext::task)
            .map(task -> task.namespaces().get("uts"))
            .filter(namespace -> namespace != INITIAL_NAMESPACE)
            .isPresent();
    return own ? null : event.hostName();
  }

  /** Whether two threads may be of one machine. */
  static boolean mayBeSame(@Nullable String one, @Nullable String other) {
    return one == null || other == null || one.equals(other);
  }
}
