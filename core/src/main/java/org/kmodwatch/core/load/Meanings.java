package org.kmodwatch.core.load;

import static java.util.Map.entry;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.ReadPurpose;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;

/** Decides the meaning of an event by its name and, for the kernel's reads, by their purpose. */
final class Meanings {

  private static final LoadEvent.Unrelated UNRELATED = new LoadEvent.Unrelated(null);

  private static final Map<String, Function<Event, LoadEvent>> BY_NAME =
      Map.ofEntries(
          entry(EventNames.FINIT_MODULE, Meanings::call),
          entry(EventNames.INIT_MODULE, Meanings::call),
          entry(EventNames.DELETE_MODULE, Meanings::call),
          entry(EventNames.INIT_MODULE_RETURN, event -> new LoadEvent.CallReturned(event, true)),
          entry(EventNames.SECURITY_KERNEL_READ_FILE, event -> read(event, false)),
          entry(EventNames.SECURITY_KERNEL_POST_READ_FILE, event -> read(event, true)),
          entry(EventNames.SECURITY_KERNEL_LOAD_DATA, event -> memoryPassed(event, false)),
          entry(EventNames.SECURITY_KERNEL_POST_LOAD_DATA, event -> memoryPassed(event, true)),
          entry(EventNames.MODULE_COMING, LoadEvent.Coming::new),
          entry(EventNames.MODULE_IMAGE, LoadEvent.Image::new),
          entry(EventNames.MODULE_LOAD, LoadEvent.Live::new),
          entry(EventNames.MODULE_INIT, LoadEvent.Init::new),
          entry(EventNames.MODULE_FREE, LoadEvent.Freed::new),
          entry(
              EventNames.SECURITY_KERNEL_MODULE_REQUEST,
              event -> new LoadEvent.Request(event, true)),
          entry(EventNames.MODULE_REQUEST, event -> new LoadEvent.Request(event, false)),
          entry(EventNames.ATTEMPTS_SUPPRESSED, LoadEvent.Suppressed::new),
          entry(EventNames.SENSOR_BLIND, event -> new LoadEvent.Sight(event, true)),
          entry(EventNames.SENSOR_RECOVERED, event -> new LoadEvent.Sight(event, false)));

  private Meanings() {}

  static Set<String> names() {
    return BY_NAME.keySet();
  }

  static LoadEvent of(Event event) {
    Function<Event, LoadEvent> meaning = BY_NAME.get(event.eventName());
    return meaning == null ? UNRELATED : meaning.apply(event);
  }

  private static LoadEvent call(Event event) {
    return event.returnValue() == null
        ? new LoadEvent.CallOverdue(event)
        : new LoadEvent.CallReturned(event, false);
  }

  private static LoadEvent read(Event event, boolean done) {
    LoadEvent other = unlessOfAModule(event);
    return other == null ? new LoadEvent.FileRead(event, done, isOfTheCall(event)) : other;
  }

  /**
   * Returns null for a read of a module. Otherwise returns the meaning of another read: the kernel
   * also reads firmware and policies through these hooks.
   */
  private static @Nullable LoadEvent unlessOfAModule(Event event) {
    ReadPurpose purpose = ReadPurpose.of(event);
    return switch (purpose.kind()) {
      case MODULE -> null;
      case OTHER -> UNRELATED;
      case NOT_KNOWN -> new LoadEvent.Unrelated(purpose.problem());
    };
  }

  private static LoadEvent memoryPassed(Event event, boolean done) {
    LoadEvent other = unlessOfAModule(event);
    return other == null ? new LoadEvent.MemoryHandedOver(event, done) : other;
  }

  private static boolean isOfTheCall(Event event) {
    SensorContext context = SensorContexts.of(event).orElse(null);
    return context == null
        || context.callTimeNanos() == 0
        || (context.file() != null && event.syscall().equals(EventNames.FINIT_MODULE));
  }
}
