package org.kmodwatch.agent.sink;

import java.io.ByteArrayOutputStream;
import java.util.List;
import org.kmodwatch.agent.output.Notice;

/**
 * An item is one notice in the form in which it is sent.
 *
 * @param id the stable identifier: a notice that is reported again has the same id
 * @param kind the kind of notice
 * @param timeNanos the time of the reported event, in nanoseconds since the epoch
 * @param severity the severity from 0 to 3, as {@link
 *     org.kmodwatch.core.signature.SignatureMetadata#severity}
 * @param body a line in the sink's format, without the newline; never modified
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; never modified, so not copied.
record Item(String id, Notice.Kind kind, long timeNanos, int severity, byte[] body) {

  /** Returns all {@code items}, one per line. */
  static byte[] lines(List<Item> items) {
    var lines = new ByteArrayOutputStream();
    for (Item item : items) {
      lines.writeBytes(item.body());
      lines.write('\n');
    }
    return lines.toByteArray();
  }
}
