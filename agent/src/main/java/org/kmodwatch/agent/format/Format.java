package org.kmodwatch.agent.format;

import java.util.Optional;
import org.kmodwatch.agent.output.Notice;

/** A form of writing notices. One thread may use it. */
public interface Format {

  /**
   * Writes {@code notice} as one line.
   *
   * @param id the id of the notice ({@link org.kmodwatch.agent.output.NoticeIds})
   * @return UTF-8 without the newline; empty if the form does not support that kind of notice
   */
  Optional<byte[]> write(Notice.Report notice, String id);

  /** The media type of JSON. */
  String JSON = "application/json";

  /** The media type of lines that are not JSON. */
  String TEXT = "text/plain; charset=utf-8";

  /** Returns the media type of a line, for HTTP: {@code application/json}, … */
  String contentType();
}
