package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/**
 * The consumer's side of a BPF ring buffer, read in place.
 *
 * <p>For maintainers. The kernel maps three things ({@code kernel/bpf/ringbuf.c}): one writable
 * page with the consumer's position, one read-only page with the producer's, and the data, twice in
 * a row, so that a record that runs over the end is still in one piece. Positions only grow; the
 * offset is the position modulo the size. A record is an 8-byte header (length with two flag bits,
 * page offset) and its payload, padded to 8.
 *
 * <p>Ordering: the producer writes a header with the busy bit, then releases its position, then
 * clears the bit by an exchange. So the producer's position is loaded with acquire, then each
 * header's length with acquire; what is busy ends the reading. The consumer's position is stored
 * with release once the payload has been used: from then on the kernel may write over it.
 *
 * <p>Mapping: every page that is mapped counts as memory of this process, so of a big ring only a
 * window is, which moves along with the reading.
 *
 * <p>Waiting is {@link RingPoll}'s. One thread reads.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class RingBuffer implements AutoCloseable {

  private static final int HEADER_BYTES = 8;
  private static final int BUSY = 1 << 31;
  private static final int DISCARD = 1 << 30;
  private static final int SC_PAGESIZE = 30;

  private static final VarHandle POSITION = LONG.varHandle();
  private static final VarHandle LENGTH = INT.varHandle();

  private static final MethodHandle SYSCONF =
      Native.function(Native.libc(), "sysconf", FunctionDescriptor.of(LONG, INT));
  private final int mapFd;
  private final long pageBytes;

  /** Of the data as it is mapped, which is twice its size. */
  private final long dataBytes;

  private final long windowBytes;
  private final long mask;
  private final MemorySegment consumer;
  private final MemorySegment producer;
  private MemorySegment window = MemorySegment.NULL;
  private ByteBuffer view = ByteBuffer.allocate(0);

  /** Where in the data the window begins. */
  private long windowStart;

  private boolean closed;

  private RingBuffer(int mapFd, int sizeBytes, int windowBytes) {
    this.mapFd = mapFd;
    this.pageBytes = pageSize();
    this.dataBytes = 2L * sizeBytes;
    this.windowBytes = windowBytes;
    this.mask = sizeBytes - 1L;
    this.consumer = Mapping.writable(mapFd, pageBytes, 0);
    this.producer = Mapping.readOnly(mapFd, pageBytes, pageBytes);
    show(0, windowBytes);
  }

  /**
   * Maps a ring buffer.
   *
   * @param mapFd the map's descriptor, which must stay open
   * @param sizeBytes the map's {@code max_entries}
   * @param windowBytes how much of the data is mapped at once, at least what a record takes and a
   *     page; twice {@code sizeBytes} is all of it
   * @throws KernelException if the kernel refuses
   */
  static RingBuffer map(int mapFd, int sizeBytes, int windowBytes) {
    return new RingBuffer(mapFd, sizeBytes, windowBytes);
  }

  /** The map's descriptor, to wait on. */
  int fd() {
    return mapFd;
  }

  /**
   * Hands over every record that is there now. What comes meanwhile is left for the next call, so
   * that a flood does not keep the caller from everything else.
   *
   * @param sink takes a record's payload from position to limit; the buffer is the ring's own
   *     memory, valid during the call only
   * @return how many records there were
   */
  public int read(Consumer<ByteBuffer> sink) {
    int records = 0;
    long position = (long) POSITION.get(consumer, 0L);
    long end = (long) POSITION.getAcquire(producer, 0L);
    while (position < end) {
      long offset = position & mask;
      show(offset, HEADER_BYTES);
      int header = (int) LENGTH.getAcquire(window, offset - windowStart);
      if ((header & BUSY) != 0) {
        return records;
      }
      int length = header & ~DISCARD;
      position += HEADER_BYTES + ((length + 7L) & ~7L);
      if ((header & DISCARD) == 0) {
        show(offset, HEADER_BYTES + (long) length);
        int start = (int) (offset - windowStart) + HEADER_BYTES;
        view.limit(start + length).position(start);
        records++;
        try {
          sink.accept(view);
        } finally {
          POSITION.setRelease(consumer, 0L, position);
        }
      } else {
        POSITION.setRelease(consumer, 0L, position);
      }
    }
    return records;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Mapping.unmap(consumer);
    Mapping.unmap(producer);
    Mapping.unmap(window);
  }

  /** Sees to it that the window holds the {@code bytes} from {@code offset}. */
  private void show(long offset, long bytes) {
    if (offset >= windowStart && offset + bytes <= windowStart + window.byteSize()) {
      return;
    }
    long start = offset & -pageBytes;
    long length = Math.min(windowBytes, dataBytes - start);
    MemorySegment next = Mapping.readOnly(mapFd, length, 2 * pageBytes + start);
    Mapping.unmap(window);
    window = next;
    windowStart = start;
    view = window.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  private static long pageSize() {
    try {
      return (long) SYSCONF.invokeExact(SC_PAGESIZE);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
