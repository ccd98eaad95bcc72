package org.kmodwatch.agent.identity;

import org.kmodwatch.core.event.Event;

/**
 * Outlives this process, and so knows of which attempt the image was being read when an earlier
 * process ended. That image may have ended it, and would again.
 */
public interface ReadingMarks {

  /** For events that no later process gets to see. */
  ReadingMarks NONE =
      new ReadingMarks() {
        @Override
        public boolean begin(Event event) {
          return true;
        }

        @Override
        public void end() {}
      };

  /**
   * Notes that the image of an attempt is about to be read.
   *
   * @param event any of the attempt
   * @return whether to read it; false if a process ended as it did, and then nothing is noted
   */
  boolean begin(Event event);

  /** Notes that it was read, whatever came of it. */
  void end();
}
