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
import org.kmodwatch.core.load.LoadEvent.CallOverdue;
import org.kmodwatch.core.load.LoadEvent.CallReturned;
import org.kmodwatch.core.load.LoadEvent.FileRead;
import org.kmodwatch.core.load.LoadEvent.MemoryHandedOver;
import org.kmodwatch.core.load.LoadEvent.Request;
import org.kmodwatch.core.load.LoadEvent.Sight;
import org.kmodwatch.core.load.LoadEvent.Unrelated;

/** Decides what an event means by its name and, for the kernel's reads, by what is read. */
final class Meanings {

  private static final Unrelated UNRELATED = new Unrelated(null);

  private static final Map<String, Function<Event, LoadEvent>> BY_NAME =
      Map.ofEntries(
          entry(EventNames.FINIT_MODULE, Meanings::call),
          entry(EventNames.INIT_MODULE, Meanings::call),
          entry(EventNames.DELETE_MODULE, Meanings::call),
          entry(EventNames.INIT_MODULE_RETURN, event -> new CallReturned(event, true)),
          entry(EventNames.SECURITY_KERNEL_READ_FILE, event -> read(event, false)),
          entry(EventNames.SECURITY_KERNEL_POST_READ_FILE, event -> read(event, true)),
          entry(EventNames.SECURITY_KERNEL_LOAD_DATA, event -> handOver(event, false)),
          entry(EventNames.SECURITY_KERNEL_POST_LOAD_DATA, event -> handOver(event, true)),
          entry(EventNames.MODULE_COMING, LoadEvent.Coming::new),
          entry(EventNames.MODULE_IMAGE, LoadEvent.Image::new),
          entry(EventNames.MODULE_LOAD, LoadEvent.Live::new),
          entry(EventNames.MODULE_INIT, LoadEvent.Init::new),
          entry(EventNames.MODULE_FREE, LoadEvent.Freed::new),
          entry(EventNames.SECURITY_KERNEL_MODULE_REQUEST, event -> new Request(event, true)),
          entry(EventNames.MODULE_REQUEST, event -> new Request(event, false)),
          entry(EventNames.ATTEMPTS_SUPPRESSED, LoadEvent.Suppressed::new),
          entry(EventNames.SENSOR_BLIND, event -> new Sight(event, true)),
          entry(EventNames.SENSOR_RECOVERED, event -> new Sight(event, false)));

  private Meanings() {}

  static Set<String> names() {
    return BY_NAME.keySet();
  }

  static LoadEvent of(Event event) {
    Function<Event, LoadEvent> meaning = BY_NAME.get(event.eventName());
    return meaning == null ? UNRELATED : meaning.apply(event);
  }

  private static LoadEvent call(Event event) {
    return event.returnValue() == null ? new CallOverdue(event) : new CallReturned(event, false);
  }

  private static LoadEvent read(Event event, boolean done) {
    LoadEvent other = unlessOfAModule(event);
    return other == null ? new FileRead(event, done, isOfTheCall(event)) : other;
  }

  /** The kernel reads firmware and policies by the same way. */
  private static @Nullable Unrelated unlessOfAModule(Event event) {
    ReadPurpose purpose = ReadPurpose.of(event);
    return switch (purpose.kind()) {
      case MODULE -> null;
      case OTHER -> UNRELATED;
      case NOT_KNOWN -> new Unrelated(purpose.problem());
    };
  }

  private static LoadEvent handOver(Event event, boolean done) {
    LoadEvent other = unlessOfAModule(event);
    return other == null ? new MemoryHandedOver(event, done) : other;
  }

  private static boolean isOfTheCall(Event event) {
    SensorContext context = SensorContexts.of(event).orElse(null);
    return context == null
        || context.callTimeNanos() == 0
        || (context.file() != null && event.syscall().equals(EventNames.FINIT_MODULE));
  }
}
