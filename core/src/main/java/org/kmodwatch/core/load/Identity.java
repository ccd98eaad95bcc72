package org.kmodwatch.core.load;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.SourceContext;

/**
 * Identifies the attempt that an event belongs to, as far as the event's source allows. All times
 * are on the scale of {@link SensorContexts#steadyNanos}, which clock changes do not affect.
 */
public sealed interface Identity {

  /**
   * Returns the host name in the event. Attempts on another host may have the same thread and file
   * numbers.
   */
  String host();

  /** Returns the thread id on the host, or the process id if the source has no threads. */
  int thread();

  /**
   * A call that the source identifies: our sensor by the call's entry, a source that has only
   * results by its own number.
   *
   * @param entryNanos when the call was entered
   * @param serial distinguishes two calls of one process at the same time; 0 where the source has
   *     no such number
   */
  record InCall(String host, long entryNanos, int thread, long serial) implements Identity {}

  /** The current call of a thread, which the source does not identify. */
  record OfThread(String host, int thread) implements Identity {}

  /** An event that our sensor saw outside any call. */
  record OutsideCall(String host, long nanos, int thread) implements Identity {}

  /** Returns the attempt of an event that happened within a call, or outside any. */
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

  /** Returns the attempt of a call's own event, whose timestamp is the entry of the call. */
  static Identity ofCall(Event event) {
    Identity identity = of(event);
    return identity instanceof OutsideCall(String host, long nanos, int thread)
        ? new InCall(host, nanos, thread, 0)
        : identity;
  }

  /** Returns the id of the record of the attempt that {@code event} belongs to. */
  static String recordId(Event event) {
    Identity identity = of(event);
    long shift = SensorContexts.clockShiftNanos(event);
    return identity.id(identity.beginNanos(event.timestampNanos() - shift) + shift);
  }

  /** Returns when the attempt began; {@code otherwise} if the identity does not have that time. */
  default long beginNanos(long otherwise) {
    return switch (this) {
      case InCall call -> call.entryNanos;
      case OutsideCall outside -> outside.nanos;
      case OfThread thread -> otherwise;
    };
  }

  /** Identifies the thread's call that began at {@code nanos}. The thread may make other calls. */
  default Identity ofOneCall(long nanos) {
    return this instanceof OfThread ? new InCall(host(), nanos, thread(), 0) : this;
  }

  /** Returns the record's id for an attempt whose written begin is {@code timeNanos}. */
  default String id(long timeNanos) {
    String id = RecordIds.of(timeNanos, thread());
    return this instanceof InCall call && call.serial != 0
        ? id + "-" + Long.toHexString(call.serial)
        : id;
  }
}
