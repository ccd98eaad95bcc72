package org.kmodwatch.agent.format;

import java.util.Optional;
import org.kmodwatch.agent.output.Notice;

/** One form of writing notices. One thread. */
public interface Format {

  /**
   * Writes {@code notice} as one line.
   *
   * @return UTF-8 without the newline; empty if the form has nothing for that kind of notice
   */
  Optional<byte[]> write(Notice notice);

  /** What a line is, for HTTP: {@code application/json}, … */
  String contentType();
}
