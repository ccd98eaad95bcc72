package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Bytes outside the Java heap, given back when closed: what is big and short-lived needs no room in
 * a heap that is small on purpose. Taking them costs nothing until they are written, so that a ring
 * buffer which fills up meanwhile is not kept waiting. For the thread that made it alone.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class NativeBytes implements AutoCloseable {

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment segment;
  private boolean closed;

  /**
   * Takes memory, all zero.
   *
   * @param sizeBytes how much, more than 0
   * @throws KernelException if there is none
   */
  public NativeBytes(long sizeBytes) {
    this.segment = Mapping.anonymous(sizeBytes).reinterpret(arena, Mapping::unmap);
  }

  /**
   * Puts what is between position and limit of {@code bytes} at {@code offset}.
   *
   * @throws IndexOutOfBoundsException if it does not fit
   */
  public void put(long offset, ByteBuffer bytes) {
    MemorySegment.copy(MemorySegment.ofBuffer(bytes), 0, segment, offset, bytes.remaining());
  }

  /** All of it, to read; using it after {@link #close} is an {@link IllegalStateException}. */
  public ByteBuffer bytes() {
    return segment.asByteBuffer().asReadOnlyBuffer();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      arena.close();
    }
  }
}
