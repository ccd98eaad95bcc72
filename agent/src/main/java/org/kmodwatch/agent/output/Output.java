package org.kmodwatch.agent.output;

import java.io.IOException;

/**
 * Writes notices. For each event its findings come first, then the event, then the records that are
 * complete with it. The findings on a record come before the record.
 */
public interface Output {

  /**
   * Writes a notice, unless the output does not write its kind.
   *
   * @throws IOException if it cannot be written
   */
  void accept(Notice notice) throws IOException;

  /**
   * Writes all notices that were accepted so far.
   *
   * @throws IOException if they cannot be written
   */
  void flush() throws IOException;
}
