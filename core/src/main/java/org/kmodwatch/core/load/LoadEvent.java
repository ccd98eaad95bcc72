package org.kmodwatch.core.load;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

/**
 * What an event means to loads. {@link #of} decides it, and nothing else does: the load tracker,
 * the signatures and the outputs all ask it. The decision costs one look-up of the event's name
 * where the event concerns no load.
 */
public sealed interface LoadEvent {

  /** Decides what {@code event} means. */
  static LoadEvent of(Event event) {
    return Meanings.of(event);
  }

  /**
   * Whether the load record speaks for {@code event}: a finding on it needs no report of its own.
   * Holds for the record itself too.
   */
  static boolean isPartOfALoad(Event event) {
    return event.eventName().equals(LoadRecord.EVENT_NAME)
        || (of(event) instanceof OfAttempt part
            && switch (part) {
              case FileRead read -> read.ofTheCall();
              case Image image -> false;
              case Freed freed -> false;
              case OfAttempt other -> true;
            });
  }

  /** An event of an attempt to load or unload a module. */
  sealed interface OfAttempt extends LoadEvent {

    /** The event itself. */
    Event event();

    /** The attempt. */
    default Identity identity() {
      return Identity.ofCall(event());
    }

    /** Whether our sensor saw it. */
    default boolean fromSensor() {
      return SensorContexts.of(event()).isPresent();
    }
  }

  /** What happens to a module between the entry of a call and its return, or outside any call. */
  sealed interface Step extends OfAttempt {

    @Override
    default Identity identity() {
      return Identity.of(event());
    }
  }

  /**
   * A call on a module has returned.
   *
   * @param late whether the event tells of a return alone, since the call had been reported before
   *     ({@link EventNames#INIT_MODULE_RETURN})
   */
  record CallReturned(Event event, boolean late) implements OfAttempt {

    /** The event under the name of its call, so that one call is never two. */
    Event asCall() {
      if (!late) {
        return event;
      }
      Reasons.Call call = Reasons.Call.named(event.syscall());
      return event.named(call == null ? EventNames.INIT_MODULE : call.syscall);
    }
  }

  /** A call on a module has not returned, or its source does not say what it returned. */
  record CallOverdue(Event event) implements OfAttempt {}

  /**
   * The kernel reads a module's file.
   *
   * @param done whether it has read the file; else it is about to
   * @param ofTheCall whether the thread's call loads that module: a module's own code may have the
   *     kernel read another one
   */
  record FileRead(Event event, boolean done, boolean ofTheCall) implements Step {}

  /**
   * The kernel takes a module's bytes from the memory of a process.
   *
   * @param done whether it has taken them; else it is about to
   */
  record MemoryHandedOver(Event event, boolean done) implements Step {}

  /** A module's parameters are about to be set: its code can run from now on. */
  record Coming(Event event) implements Step {}

  /** The bytes of a module are known. */
  record Image(Event event) implements Step {}

  /** A module is loaded, and its init function is about to run. */
  record Live(Event event) implements Step {}

  /** A module's init function has returned. */
  record Init(Event event) implements Step {}

  /** A module's memory is about to be freed. */
  record Freed(Event event) implements Step {}

  /**
   * The kernel asks for a module.
   *
   * @param security whether this is the question to the security modules; else the kernel starts
   *     modprobe
   */
  record Request(Event event, boolean security) implements LoadEvent {

    /** What is asked for; empty if the event does not say. */
    String alias() {
      return event.stringArgument("name").or(() -> event.stringArgument("kmod_name")).orElse("");
    }

    /** Whether a security module refused it. */
    boolean isRefused() {
      Long answer = event.returnValue();
      return security && answer != null && answer < 0;
    }
  }

  /** A limit held attempts or requests back: the event sums them up. */
  record Suppressed(Event event) implements LoadEvent {

    /** Whether they are requests for modules. */
    boolean ofRequests() {
      return event.argument("request").orElse(null) instanceof Value.Bool(boolean asked) && asked;
    }
  }

  /**
   * A part of the sensor stops or begins to see.
   *
   * @param lost whether it stops
   */
  record Sight(Event event, boolean lost) implements LoadEvent {

    String part() {
      return event.stringArgument("part").orElse("");
    }
  }

  /**
   * Anything else: no load, request or unload.
   *
   * @param problem why that is not certain; null if it is
   */
  record Unrelated(@Nullable String problem) implements LoadEvent {}
}
