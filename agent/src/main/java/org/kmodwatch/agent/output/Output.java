package org.kmodwatch.agent.output;

import java.io.IOException;

/**
 * Writes notices. For each event its findings come first, then the event, then the records that are
 * complete with it. The findings on a record come before the record.
 */
public interface Output {

  /**
   * Takes a notice. An output leaves out the kinds that it does not write.
   *
   * @throws IOException if it cannot be written
   */
  void accept(Notice notice) throws IOException;

  /**
   * Writes everything that was taken so far.
   *
   * @throws IOException if it cannot be written
   */
  void flush() throws IOException;
}
