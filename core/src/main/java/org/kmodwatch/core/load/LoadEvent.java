package org.kmodwatch.core.load;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

/**
 * The meaning of an event for module loads. Only {@link #of} decides it: the load tracker, the
 * signatures and the outputs all call it. For an event unrelated to loads, this costs one look-up
 * of its name.
 */
public sealed interface LoadEvent {

  /** Returns the meaning of {@code event}. */
  static LoadEvent of(Event event) {
    return Meanings.of(event);
  }

  /**
   * Returns whether the load record covers {@code event}, so that a finding on it needs no separate
   * report. Returns true for the record itself too.
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

  /** An event that belongs to an attempt to load or unload a module. */
  sealed interface OfAttempt extends LoadEvent {

    /** Returns the event itself. */
    Event event();

    /** Returns the attempt. */
    default Identity identity() {
      return Identity.ofCall(event());
    }

    /** Returns whether our sensor saw the event. */
    default boolean fromSensor() {
      return SensorContexts.of(event()).isPresent();
    }
  }

  /** A step that a module takes between the entry of a call and its return, or outside any call. */
  sealed interface Step extends OfAttempt {

    @Override
    default Identity identity() {
      return Identity.of(event());
    }
  }

  /**
   * A module call has returned.
   *
   * @param late whether the event reports only the return, because the call was already reported
   *     ({@link EventNames#INIT_MODULE_RETURN})
   */
  record CallReturned(Event event, boolean late) implements OfAttempt {

    /** Returns the event under the name of its call, so that one call never counts as two. */
    Event asCall() {
      if (!late) {
        return event;
      }
      Reasons.Call call = Reasons.Call.named(event.syscall());
      return event.named(call == null ? EventNames.INIT_MODULE : call.syscall);
    }
  }

  /** A module call has not returned, or its source does not report the result. */
  record CallOverdue(Event event) implements OfAttempt {}

  /**
   * The kernel reads a module's file.
   *
   * @param done whether the read is done; otherwise it is about to begin
   * @param ofTheCall whether the thread's call loads that module. A module's own code may make the
   *     kernel read another module
   */
  record FileRead(Event event, boolean done, boolean ofTheCall) implements Step {}

  /**
   * The kernel copies a module's bytes from the memory of a process.
   *
   * @param done whether the copy is done; otherwise it is about to begin
   */
  record MemoryHandedOver(Event event, boolean done) implements Step {}

  /** A module's parameters are about to be set. Its code can run from this point on. */
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
   * @param security whether the kernel asks the security modules; otherwise it starts modprobe
   */
  record Request(Event event, boolean security) implements LoadEvent {

    /** Returns the requested name; empty if the event does not have it. */
    String alias() {
      return event.stringArgument("name").or(() -> event.stringArgument("kmod_name")).orElse("");
    }

    /** Returns whether a security module refused the request. */
    boolean isRefused() {
      Long answer = event.returnValue();
      return security && answer != null && answer < 0;
    }
  }

  /** A limit suppressed attempts or requests, and the event summarises them. */
  record Suppressed(Event event) implements LoadEvent {

    /** Returns whether the event summarises requests for modules. */
    boolean ofRequests() {
      return event.argument("request").orElse(null) instanceof Value.Bool(boolean asked) && asked;
    }
  }

  /**
   * A part of the sensor stops or begins to see events.
   *
   * @param lost whether it stops
   */
  record Sight(Event event, boolean lost) implements LoadEvent {

    String part() {
      return event.stringArgument("part").orElse("");
    }
  }

  /**
   * Any other event: no load, request or unload.
   *
   * @param problem why that is uncertain; null if it is certain
   */
  record Unrelated(@Nullable String problem) implements LoadEvent {}
}
