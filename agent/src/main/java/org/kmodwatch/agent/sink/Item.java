package org.kmodwatch.agent.sink;

import java.io.ByteArrayOutputStream;
import java.util.List;
import org.kmodwatch.agent.output.Notice;

/**
 * One notice, as it is sent.
 *
 * @param id stable: the same thing told again has the same
 * @param kind of the notice
 * @param timeNanos when what it tells of happened, nanoseconds since the epoch
 * @param severity 0 to 3, as {@link org.kmodwatch.core.signature.SignatureMetadata#severity}
 * @param body a line in the sink's format, without the newline; nobody writes into it
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; a copy of each would cost for nothing.
record Item(String id, Notice.Kind kind, long timeNanos, int severity, byte[] body) {

  /** All of {@code items}, one a line. */
  static byte[] lines(List<Item> items) {
    var lines = new ByteArrayOutputStream();
    for (Item item : items) {
      lines.writeBytes(item.body());
      lines.write('\n');
    }
    return lines.toByteArray();
  }
}
