package org.kmodwatch.agent.format;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Joins lines of JSON without parsing them again. */
final class JsonBytes {

  private JsonBytes() {}

  static byte[] withoutNewline(byte[] line) {
    return Arrays.copyOf(line, line.length - 1);
  }

  /**
   * Adds a key to {@code object}.
   *
   * @param object a JSON object that is not empty, with nothing after it
   * @param key plain letters
   * @param value JSON
   */
  static byte[] with(byte[] object, String key, byte[] value) {
    var out = new ByteArrayOutputStream(object.length + key.length() + value.length + 4);
    out.write(object, 0, object.length - 1);
    out.writeBytes((",\"" + key + "\":").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(value);
    out.write('}');
    return out.toByteArray();
  }
}
