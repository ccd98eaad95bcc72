package org.kmodwatch.core.load;

import org.kmodwatch.core.event.Event;

/** Receives the records of a {@link LoadTracker}. */
@FunctionalInterface
public interface LoadListener {

  /**
   * Receives one record.
   *
   * @param record the outcome of one attempt
   * @param basis the event that the record is based on. It is the call, or the module_load if the
   *     call was not seen to return, or else the first event of the attempt
   */
  void onLoad(LoadRecord record, Event basis);
}
