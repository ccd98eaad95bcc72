package org.kmodwatch.sensor.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Plays the producer of a ring buffer in plain memory: it writes the same bytes as the kernel. */
public final class MemoryRing {

  private static final int HEADER_BYTES = 8;
  private static final int BUSY = 1 << 31;

  private final int sizeBytes;
  private final MemorySegment consumer;
  private final MemorySegment producer;
  private final MemorySegment data;
  private final RingBuffer ring;
  private long position;

  /** Creates an empty ring of this size, a power of two. */
  public MemoryRing(int sizeBytes) {
    this.sizeBytes = sizeBytes;
    this.consumer = Mapping.anonymous(4096);
    this.producer = Mapping.anonymous(4096);
    this.data = Mapping.anonymous(2L * sizeBytes);
    this.ring = another();
  }

  /** Returns a second consumer, as a newly started process would see it. */
  public RingBuffer another() {
    return new RingBuffer(
        -1,
        new RingBuffer.Data() {
          @Override
          public MemorySegment map(long offset, long bytes) {
            return data.asSlice(offset, bytes);
          }

          @Override
          public void unmap(MemorySegment part) {}
        },
        consumer,
        producer,
        sizeBytes,
        2 * sizeBytes);
  }

  /** Returns the consumer. */
  public RingBuffer ring() {
    return ring;
  }

  /** Writes a record without a check for room. */
  public void write(byte[] payload) {
    begin(payload);
    finish(payload.length);
  }

  /** Writes a record as {@link #write(byte[])}. */
  public void write(String payload) {
    write(payload.getBytes(StandardCharsets.US_ASCII));
  }

  /** Writes a record that stays busy. */
  public void writeBusy(String payload) {
    begin(payload.getBytes(StandardCharsets.US_ASCII));
  }

  /** Writes a header whose length differs from that of its record. */
  public void writeWithLength(int length, String payload) {
    byte[] bytes = payload.getBytes(StandardCharsets.US_ASCII);
    begin(bytes);
    finish(length);
  }

  /** Moves the consumer's position, as another process can with bpf(2). */
  public void moveConsumer(long to) {
    consumer.set(ValueLayout.JAVA_LONG, 0, to);
  }

  /** Returns the consumer's position that the kernel would read. */
  public long consumer() {
    return consumer.get(ValueLayout.JAVA_LONG, 0);
  }

  /** Returns the producer's position. */
  public long producer() {
    return position;
  }

  private long begun;

  private void begin(byte[] payload) {
    begun = position;
    put(begun, payload.length | BUSY);
    for (int i = 0; i < payload.length; i++) {
      byteAt(begun + HEADER_BYTES + i, payload[i]);
    }
    position += HEADER_BYTES + ((payload.length + 7L) & ~7L);
    producer.set(ValueLayout.JAVA_LONG, 0, position);
  }

  private void finish(int length) {
    put(begun, length);
  }

  private void put(long at, int value) {
    for (int i = 0; i < Integer.BYTES; i++) {
      byteAt(at + i, (byte) (value >>> (8 * i)));
    }
  }

  private void byteAt(long at, byte value) {
    long offset = at & (sizeBytes - 1);
    data.set(ValueLayout.JAVA_BYTE, offset, value);
    data.set(ValueLayout.JAVA_BYTE, offset + sizeBytes, value);
  }
}
