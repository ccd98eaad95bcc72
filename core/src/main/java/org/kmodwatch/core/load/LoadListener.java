package org.kmodwatch.core.load;

import org.kmodwatch.core.event.Event;

/** Takes the records that a {@link LoadTracker} makes. */
@FunctionalInterface
public interface LoadListener {

  /**
   * Takes one record.
   *
   * @param record what became of one attempt
   * @param basis the event that the record rests on: the call, or the module_load where the call
   *     has not been seen to return, or else the first event of the attempt
   */
  void onLoad(LoadRecord record, Event basis);
}
