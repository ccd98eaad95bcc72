package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of one record, from the buffer's position on, in the machine's byte order. The
 * offsets are those of {@link RecordLayout}.
 *
 * <p>If the spans of a record lead out of it, an {@link IndexOutOfBoundsException} is thrown.
 */
record RecordReader(ByteBuffer record) {

  /** Refuses a buffer that is shorter than a record without strings. */
  RecordReader {
    if (record.remaining() < RecordLayout.DATA) {
      throw new IllegalArgumentException("a record is too short: bytes=" + record.remaining());
    }
  }

  int int32(int offset) {
    return record.getInt(record.position() + offset);
  }

  long unsigned32(int offset) {
    return Integer.toUnsignedLong(int32(offset));
  }

  long int64(int offset) {
    return record.getLong(record.position() + offset);
  }

  /**
   * Returns the time whose clock setting converts all times of the record, in nanoseconds since
   * boot. It is the time of the call's entry, so that all records of a call have the same setting.
   */
  long clockNanos() {
    return int64(
        int32(RecordLayout.CALL) == RecordLayout.NO_CALL
            ? RecordLayout.TIME_NANOS
            : RecordLayout.CALL_TIME_NANOS);
  }

  boolean has(int flag) {
    return (int32(RecordLayout.FLAGS) & flag) != 0;
  }

  /** Returns the NUL-terminated string in a field of {@code size} bytes. */
  String terminated(int offset, int size) {
    return KernelStrings.decodeTerminated(record, record.position() + offset, size);
  }

  String string(int span) {
    return KernelStrings.decode(record, dataOffset(span), dataLength(span));
  }

  List<String> list(int span) {
    return KernelStrings.decodeList(record, dataOffset(span), dataLength(span));
  }

  /**
   * Returns the path of the file that the record reports, with the kernel's mark if it was deleted.
   */
  String path() {
    return path(has(RecordLayout.FLAG_FILE_DELETED));
  }

  /** Returns that path without the mark. A name may end with the same text. */
  String unmarkedPath() {
    return path(false);
  }

  private String path(boolean marked) {
    return KernelStrings.decodePath(
        record,
        dataOffset(RecordLayout.PATH),
        dataLength(RecordLayout.PATH),
        has(RecordLayout.FLAG_PATH_CUT),
        marked);
  }

  /** Returns whether that path lacks names. */
  boolean pathCut() {
    return has(RecordLayout.FLAG_PATH_CUT) || has(RecordLayout.FLAG_PATH_GAP);
  }

  /** Returns the module's own name; empty if it is not known. */
  String moduleName() {
    return terminated(RecordLayout.NAME, RecordLayout.NAME_BYTES);
  }

  /**
   * Returns a path whose record has only the parts; null if it has no parts.
   *
   * @param cut whether it is only the end of the path
   */
  @Nullable String plainPath(int span, boolean cut) {
    int length = dataLength(span);
    return length == 0
        ? null
        : KernelStrings.decodePath(record, dataOffset(span), length, cut, false);
  }

  private int dataOffset(int span) {
    return record.position()
        + RecordLayout.DATA
        + Short.toUnsignedInt(record.getShort(record.position() + span));
  }

  private int dataLength(int span) {
    return Short.toUnsignedInt(record.getShort(record.position() + span + 2));
  }
}
