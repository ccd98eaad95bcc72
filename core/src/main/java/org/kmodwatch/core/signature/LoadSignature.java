package org.kmodwatch.core.signature;

import java.util.List;
import java.util.Optional;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Action;
import org.kmodwatch.core.load.LoadRecord.Outcome;
import org.kmodwatch.core.load.LoadRecords;

/**
 * A signature that judges load records. It receives attempts to load that the sensor saw, and
 * requests that led to no load. It receives no unloads, and no modules that were loaded before
 * Kmodwatch started, because only their existence is known.
 */
public abstract class LoadSignature implements Signature {

  private final SignatureMetadata metadata;

  protected LoadSignature(SignatureMetadata metadata) {
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

  private void judge(LoadRecord load, Event event, Verdict verdict) {
    if (load.action() == Action.LOAD && !load.preExisting()) {
      onLoad(load, event, verdict);
    } else if (load.isRequest()) {
      onRequest(load, event, verdict);
    }
  }

  /**
   * Judges a request for a module that was refused or led to no load. Raises nothing unless
   * overridden.
   *
   * @param request the request
   * @param event the event with the request
   * @param verdict receives the signature's results
   */
  protected void onRequest(LoadRecord request, Event event, Verdict verdict) {}

  /**
   * Judges an attempt to load.
   *
   * @param load the attempt
   * @param event the event with the attempt
   * @param verdict receives the signature's results
   */
  protected abstract void onLoad(LoadRecord load, Event event, Verdict verdict);

  /** Returns whether code of the module is in the kernel, or may have been. */
  protected static boolean codeMayRun(LoadRecord load) {
    return load.outcome() == Outcome.LOADED
        || load.outcome() == Outcome.UNKNOWN
        || load.codeMayHaveRun();
  }
}
