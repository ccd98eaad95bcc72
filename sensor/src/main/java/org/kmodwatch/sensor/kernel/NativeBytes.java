package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Bytes outside the Java heap, freed when they are closed. The heap is small on purpose, so large
 * and short-lived data is kept outside it. Allocating these bytes costs no time until they are
 * written, so it does not delay the reading of a ring buffer that fills up. Only the thread that
 * created them may use them.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class NativeBytes implements AutoCloseable {

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment segment;
  private boolean closed;

  /**
   * Allocates memory, all zero.
   *
   * @param sizeBytes the size in bytes, more than 0
   * @throws KernelException if no memory is left
   */
  public NativeBytes(long sizeBytes) {
    this.segment = Mapping.anonymous(sizeBytes).reinterpret(arena, Mapping::unmap);
  }

  /**
   * Copies the bytes between position and limit of {@code bytes} to {@code offset}.
   *
   * @throws IndexOutOfBoundsException if they do not fit
   */
  public void put(long offset, ByteBuffer bytes) {
    MemorySegment.copy(MemorySegment.ofBuffer(bytes), 0, segment, offset, bytes.remaining());
  }

  /**
   * Returns all bytes, to read. Using them after {@link #close} throws an {@link
   * IllegalStateException}.
   */
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
