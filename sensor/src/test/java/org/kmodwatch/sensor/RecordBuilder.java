package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Builds records as the programs would emit them. */
final class RecordBuilder {

  private final ByteBuffer record = ByteBuffer.allocate(32 << 10).order(ByteOrder.nativeOrder());
  private int dataLength;

  static RecordBuilder of(int kind, int call) {
    return new RecordBuilder().int32(RecordLayout.KIND, kind).int32(RecordLayout.CALL, call);
  }

  RecordBuilder int32(int offset, int value) {
    record.putInt(offset, value);
    return this;
  }

  RecordBuilder int64(int offset, long value) {
    record.putLong(offset, value);
    return this;
  }

  RecordBuilder args(long a0, long a1, long a2) {
    return int64(RecordLayout.ARGS, a0)
        .int64(RecordLayout.ARGS + 8, a1)
        .int64(RecordLayout.ARGS + 16, a2);
  }

  RecordBuilder fixed(int offset, String value) {
    record.put(offset, value.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  RecordBuilder string(int span, String value) {
    return bytes(span, value.getBytes(StandardCharsets.UTF_8));
  }

  RecordBuilder bytes(int span, byte[] value) {
    span(span, value.length);
    record.put(RecordLayout.DATA + dataLength, value);
    dataLength += value.length + 1;
    return this;
  }

  /** Sets a path as the programs record it: names from the file up. */
  RecordBuilder path(int span, String... namesFromTheFileUp) {
    var text = new StringBuilder();
    for (String name : namesFromTheFileUp) {
      text.append(name).append('\0');
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    span(span, bytes.length);
    record.put(RecordLayout.DATA + dataLength, bytes);
    dataLength += bytes.length;
    return this;
  }

  ByteBuffer build() {
    record.putInt(RecordLayout.DATA_LEN, dataLength);
    // A record may be at any position in the ring. The shift makes a decoder that ignores the
    // position fail.
    int shift = 24;
    ByteBuffer ring =
        ByteBuffer.allocate(shift + RecordLayout.DATA + dataLength).order(ByteOrder.nativeOrder());
    ring.put(shift, record, 0, RecordLayout.DATA + dataLength);
    return ring.position(shift);
  }

  private void span(int span, int length) {
    record.putShort(span, (short) dataLength).putShort(span + 2, (short) length);
  }
}
