package org.kmodwatch.core.load;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.SourceContext;

/**
 * Names the attempt that an event belongs to, as far as the event's source says. All times are on
 * the scale of {@link SensorContexts#steadyNanos}, which nobody can set.
 */
public sealed interface Identity {

  /**
   * The event's name of the host: of other hosts come other attempts, by threads and files of the
   * same numbers.
   */
  String host();

  /** The thread as the host numbers it; the process where the source has no threads. */
  int thread();

  /**
   * A call that the source names: our sensor by its entry, a source that has results alone by its
   * own number.
   *
   * @param entryNanos when the call was entered
   * @param serial tells two calls of one process at one moment apart; 0 where the source has no
   *     such number
   */
  record InCall(String host, long entryNanos, int thread, long serial) implements Identity {}

  /** The call that the thread is in; which one, the source does not say. */
  record OfThread(String host, int thread) implements Identity {}

  /** No call: our sensor saw the event outside any. */
  record OutsideCall(String host, long nanos, int thread) implements Identity {}

  /** The attempt of an event that happened within a call, or outside any. */
  static Identity of(Event event) {
    String host = HostName.bounded(event.hostName());
    int thread = event.process().hostThreadId();
    SensorContext context = SensorContexts.of(event).orElse(null);
    if (context != null) {
      long shift = context.clockShiftNanos();
      return context.callTimeNanos() == 0
          ? new OutsideCall(host, event.timestampNanos() - shift, thread)
          : new InCall(host, context.callTimeNanos() - shift, thread, 0);
    }
    SourceContext source = SourceContext.of(event).orElse(null);
    return source == null
        ? new OfThread(host, thread)
        : new InCall(
            host, event.timestampNanos(), event.process().hostProcessId(), source.serial());
  }

  /** The attempt of a call's own event, which is stamped with the entry of the call. */
  static Identity ofCall(Event event) {
    Identity identity = of(event);
    return identity instanceof OutsideCall(String host, long nanos, int thread)
        ? new InCall(host, nanos, thread, 0)
        : identity;
  }

  /** The id of the record of the attempt that {@code event} belongs to. */
  static String recordId(Event event) {
    Identity identity = of(event);
    long shift = SensorContexts.clockShiftNanos(event);
    return identity.id(identity.beginNanos(event.timestampNanos() - shift) + shift);
  }

  /** When the attempt began; {@code otherwise} if the identity does not say. */
  default long beginNanos(long otherwise) {
    return switch (this) {
      case InCall call -> call.entryNanos;
      case OutsideCall outside -> outside.nanos;
      case OfThread thread -> otherwise;
    };
  }

  /** Names the thread's call that began at {@code nanos}: the thread may make others. */
  default Identity ofOneCall(long nanos) {
    return this instanceof OfThread ? new InCall(host(), nanos, thread(), 0) : this;
  }

  /** The record's id, if the attempt began at {@code timeNanos} as it is written down. */
  default String id(long timeNanos) {
    String id = RecordIds.of(timeNanos, thread());
    return this instanceof InCall call && call.serial != 0
        ? id + "-" + Long.toHexString(call.serial)
        : id;
  }
}
