package org.kmodwatch.core.signatures;

import java.util.List;
import java.util.Optional;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Action;
import org.kmodwatch.core.load.LoadRecord.Outcome;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * A signature that judges load records. It is given attempts to load, seen by the sensor, and
 * requests that came to nothing; neither unloads nor modules that were there before Kmodwatch
 * started, of which only the existence is known.
 */
abstract class LoadSignature implements Signature {

  private final SignatureMetadata metadata;

  LoadSignature(SignatureMetadata metadata) {
    this.metadata = metadata;
  }

  @Override
  public final SignatureMetadata metadata() {
    return metadata;
  }

  @Override
  public final List<EventSelector> selectedEvents() {
    return List.of(EventSelector.of(Event.SOURCE_TRACEE, LoadRecord.EVENT_NAME));
  }

  @Override
  public final void onEvent(Event event, Verdict verdict) {
    if (!event.eventName().equals(LoadRecord.EVENT_NAME)) {
      return;
    }
    Optional<LoadRecord> load = LoadRecords.of(event);
    if (load.isEmpty()) {
      verdict.malformed("not a load record: schema=" + LoadRecord.SCHEMA);
    } else {
      judge(load.get(), event, verdict);
    }
  }

  /** Judges {@code load}, which came as {@code event}. */
  final void judge(LoadRecord load, Event event, Verdict verdict) {
    if (load.action() == Action.LOAD && !load.preExisting()) {
      onLoad(load, event, verdict);
    } else if (load.isRequest()) {
      onRequest(load, event, verdict);
    }
  }

  /**
   * Called for each request for a module that was refused or led to no load. Says nothing unless
   * overridden.
   *
   * @param request the request
   * @param event the event that it came as
   * @param verdict takes what the signature has to say
   */
  void onRequest(LoadRecord request, Event event, Verdict verdict) {}

  /**
   * Called for each attempt to load.
   *
   * @param load the attempt
   * @param event the event that it came as
   * @param verdict takes what the signature has to say
   */
  abstract void onLoad(LoadRecord load, Event event, Verdict verdict);

  /** Whether code of the module is in the kernel, or may have been. */
  static boolean codeMayRun(LoadRecord load) {
    return load.outcome() == Outcome.LOADED
        || load.outcome() == Outcome.UNKNOWN
        || load.codeMayHaveRun();
  }
}
