package org.kmodwatch.core.event;

import java.util.List;
import java.util.Set;

/** Lists the keys of an event's flat form. All other keys are {@link Event#unknownFields}. */
public final class FlatKeys {

  /**
   * Keys of inner objects, whose unknown keys stand under the same key among the unknown fields.
   */
  private static final List<String> INNER =
      List.of("executable", "container", "kubernetes", "contextFlags", "args");

  /** Keys that have a component in the event. */
  private static final Set<String> COMPONENTS =
      Set.of(
          "timestamp",
          "threadStartTime",
          "processorId",
          "processId",
          "threadId",
          "parentProcessId",
          "hostProcessId",
          "hostThreadId",
          "hostParentProcessId",
          "cgroupId",
          "userId",
          "mountNamespace",
          "pidNamespace",
          "processName",
          "hostName",
          "eventId",
          "eventName",
          "matchedPolicies",
          "argsNum",
          "returnValue",
          "syscall",
          "stackAddresses",
          "threadEntityId",
          "processEntityId",
          "parentEntityId",
          "metadata");

  private FlatKeys() {}

  /** Returns whether {@code key} stands for a component of the event. */
  public static boolean isComponent(String key) {
    return COMPONENTS.contains(key);
  }

  /** Returns whether the flat form has a meaning for {@code key} at its top level. */
  public static boolean hasMeaning(String key) {
    return COMPONENTS.contains(key) || INNER.contains(key) || key.equals("containerId");
  }
}
