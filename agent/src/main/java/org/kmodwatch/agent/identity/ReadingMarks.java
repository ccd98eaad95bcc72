package org.kmodwatch.agent.identity;

import org.kmodwatch.core.event.Event;

/**
 * Marks that outlive this process. They show the attempt whose image was being read when an earlier
 * process ended. That image may have ended it, and would do so again.
 */
public interface ReadingMarks {

  /** Marks for events that no later process can read. */
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
   * @param event any event of the attempt
   * @return whether to read it; false if a process ended while it read it, and then nothing is
   *     noted
   */
  boolean begin(Event event);

  /** Notes that the image was read, with any result. */
  void end();
}
