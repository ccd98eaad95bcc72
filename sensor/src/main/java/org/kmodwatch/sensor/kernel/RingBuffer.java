package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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

  private static final CFunction SYSCONF = CFunction.of(Native.libc(), "sysconf");
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

  /** Where the record after the one that was shown begins. */
  private long next;

  /** Where in the data the window begins. */
  private long windowStart;

  /** Where the next record to be read begins. */
  private long position;

  private boolean keeps;
  private boolean closed;

  private RingBuffer(int mapFd, int sizeBytes, int windowBytes) {
    this.mapFd = mapFd;
    this.pageBytes = pageSize();
    this.dataBytes = 2L * sizeBytes;
    this.windowBytes = windowBytes;
    this.mask = sizeBytes - 1L;
    this.consumer = Mapping.writable(mapFd, pageBytes, 0);
    this.producer = Mapping.readOnly(mapFd, pageBytes, pageBytes);
    this.position = (long) POSITION.getAcquire(consumer, 0L);
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
    long end = end();
    for (ByteBuffer record = peek(end); record != null; record = peek(end)) {
      records++;
      try {
        sink.accept(record);
      } finally {
        release();
      }
    }
    return records;
  }

  /** Where the ring ends now: a position that only grows. */
  public long end() {
    return (long) POSITION.getAcquire(producer, 0L);
  }

  /**
   * The next record, which stays in the ring until {@link #release}.
   *
   * @param end a position from {@link #end}; what is behind it is left alone
   * @return its payload from position to limit, in the ring's own memory; null if there is none
   *     before {@code end}, or it is still being written
   */
  public @Nullable ByteBuffer peek(long end) {
    while (position < end) {
      long offset = position & mask;
      show(offset, HEADER_BYTES);
      int header = (int) LENGTH.getAcquire(window, offset - windowStart);
      if ((header & BUSY) != 0) {
        return null;
      }
      int length = header & ~DISCARD;
      next = position + HEADER_BYTES + ((length + 7L) & ~7L);
      if ((header & DISCARD) == 0) {
        show(offset, HEADER_BYTES + (long) length);
        int start = (int) (offset - windowStart) + HEADER_BYTES;
        view.limit(start + length).position(start);
        return view;
      }
      release();
    }
    return null;
  }

  /**
   * Whether a record before {@code end} is still being written, of which {@link #peek} says null.
   */
  public boolean isBusy(long end) {
    return position < end;
  }

  /** Gives the room of the record that {@link #peek} has shown back to the kernel. */
  public void release() {
    position = next;
    if (!keeps) {
      commit();
    }
  }

  /**
   * From now on what is read keeps its place in the ring until {@link #commit}, so that another
   * process that reads the ring after this one finds it still there.
   */
  public void keepUntilCommitted() {
    keeps = true;
  }

  /** Gives the room of all that was read back to the kernel. */
  public void commit() {
    POSITION.setRelease(consumer, 0L, position);
  }

  /** How much was read and not given back, in bytes. */
  public long uncommittedBytes() {
    return position - (long) POSITION.get(consumer, 0L);
  }

  /** Whether what was read and not committed takes more than half of it. */
  public boolean isHalfUncommitted() {
    return uncommittedBytes() > (mask + 1) / 2;
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
    return SYSCONF.call(SC_PAGESIZE);
  }
}
