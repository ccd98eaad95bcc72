package org.kmodwatch.core.testing;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;

/** Events for tests. */
public final class Events {

  private Events() {}

  /** An event named {@code name} on the host. */
  public static Event named(String name, @Nullable List<Argument> args) {
    return new Event(
        Event.SOURCE_TRACEE,
        1,
        new ProcessContext(0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, "insmod", null, null),
        "wren",
        ContainerContext.NONE,
        KubernetesContext.NONE,
        "1",
        name,
        null,
        null,
        "",
        null,
        false,
        false,
        args,
        null,
        Map.of());
  }

  /** A {@code security_kernel_read_file} with the argument {@code type}. */
  public static Event readFile(Value type) {
    return named("security_kernel_read_file", List.of(new Argument("type", "string", type)));
  }
}
