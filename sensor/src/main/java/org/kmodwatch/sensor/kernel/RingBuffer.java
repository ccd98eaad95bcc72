package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The consumer's side of a BPF ring buffer, read without a copy.
 *
 * <p>For maintainers. The kernel maps three areas ({@code kernel/bpf/ringbuf.c}): a writable page
 * with the consumer's position, a read-only page with the producer's position, and the data. The
 * data is mapped twice in a row, so that a record that crosses the end is contiguous. Positions
 * only grow. The offset is the position modulo the size. A record is an 8-byte header (length with
 * two flag bits, page offset) and its payload, padded to 8.
 *
 * <p>Ordering: the producer writes a header with the busy bit, then releases its position. Then it
 * clears the bit by an exchange. So the reader loads the producer's position with acquire, then
 * each header's length with acquire. A busy record ends the reading. The reader stores the
 * consumer's position with release once it has used the payload. From then on the kernel may
 * overwrite it.
 *
 * <p>Trust: any process that may call bpf(2) can write the consumer's position. The kernel then
 * overwrites unread records. So the reader keeps its own read position. It compares the shared
 * position with the last value that it wrote there ({@link #check}). It also compares the
 * producer's lead with the size, before it reads a record and again after the copy ({@link
 * #isIntact}). If a comparison fails, reading continues at the producer's position: only there a
 * record is known to begin.
 *
 * <p>Mapping: every mapped page counts as memory of this process. So only a window of a large ring
 * is mapped. The window moves along with the reading.
 *
 * <p>{@link RingPoll} does the waiting. One thread reads.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class RingBuffer implements AutoCloseable {

  /** The longest time that a program may need to write a record. No program needs as much. */
  public static final long BUSY_LIMIT_NANOS = 10_000_000_000L;

  private static final int HEADER_BYTES = 8;
  private static final int BUSY = 1 << 31;
  private static final int DISCARD = 1 << 30;
  private static final int SC_PAGESIZE = 30;

  private static final VarHandle POSITION = LONG.varHandle();
  private static final VarHandle LENGTH = INT.varHandle();

  private static final CFunction SYSCONF = CFunction.of(Native.libc(), "sysconf");
  private final int mapFd;
  private final Data data;
  private final long pageBytes;

  /** The size of the data as mapped, which is twice the ring's size. */
  private final long dataBytes;

  private final long windowBytes;
  private final long mask;
  private final MemorySegment consumer;
  private final MemorySegment producer;
  private MemorySegment window = MemorySegment.NULL;
  private ByteBuffer view = ByteBuffer.allocate(0);

  /** The beginning of the record after the one that was shown. */
  private long next;

  /** The beginning of the window in the data. */
  private long windowStart;

  /** The beginning of the next record to read. */
  private long position;

  /** The value that the reader last wrote to the consumer's position. */
  private long committed;

  /** The position at which a record was found busy. The next field has the time. */
  private long busyPosition = -1;

  private long busySinceNanos;
  private @Nullable String misfit;
  private boolean keeps;
  private boolean closed;

  /** The source of the data: the kernel's, or a test's. */
  interface Data {
    /** Maps a part of the data. The data is there twice in a row. */
    MemorySegment map(long offset, long bytes);

    /** Unmaps a part. */
    void unmap(MemorySegment part);
  }

  RingBuffer(
      int mapFd,
      Data data,
      MemorySegment consumer,
      MemorySegment producer,
      int sizeBytes,
      int windowBytes) {
    this.mapFd = mapFd;
    this.data = data;
    this.pageBytes = pageSize();
    this.dataBytes = 2L * sizeBytes;
    this.windowBytes = windowBytes;
    this.mask = sizeBytes - 1L;
    this.consumer = consumer;
    this.producer = producer;
    this.position = (long) POSITION.getAcquire(consumer, 0L);
    this.committed = position;
    show(0, windowBytes);
  }

  /**
   * Maps a ring buffer.
   *
   * @param mapFd the map's descriptor, which must stay open
   * @param sizeBytes the map's {@code max_entries}
   * @param windowBytes how much of the data is mapped at once: at least a record and a page; twice
   *     {@code sizeBytes} maps all of it
   * @throws KernelException if the kernel refuses
   */
  static RingBuffer map(int mapFd, int sizeBytes, int windowBytes) {
    long page = pageSize();
    return new RingBuffer(
        mapFd,
        new Data() {
          @Override
          public MemorySegment map(long offset, long bytes) {
            return Mapping.readOnly(mapFd, bytes, 2 * page + offset);
          }

          @Override
          public void unmap(MemorySegment part) {
            Mapping.unmap(part);
          }
        },
        Mapping.writable(mapFd, page, 0),
        Mapping.readOnly(mapFd, page, page),
        sizeBytes,
        windowBytes);
  }

  /** Returns the map's descriptor, to wait on. */
  int fd() {
    return mapFd;
  }

  /**
   * Passes every record that is there now to {@code sink}. Leaves records that arrive meanwhile to
   * the next call, so that a flood does not keep the caller from its other work.
   *
   * @param sink takes a record's payload from position to limit. The buffer is the ring's own
   *     memory, valid during the call only. Data read from it only counts if {@link #isIntact}
   *     returns true afterwards
   * @return how many records there were
   */
  public int read(Consumer<ByteBuffer> sink) {
    return read(Long.MAX_VALUE, sink);
  }

  /**
   * Does the same as {@link #read(Consumer)}, but ends once {@code maxBytes} were read.
   *
   * @return how many records there were
   */
  public int read(long maxBytes, Consumer<ByteBuffer> sink) {
    int records = 0;
    long end = end();
    long start = position;
    for (ByteBuffer record = peek(end);
        record != null && position - start < maxBytes;
        record = peek(end)) {
      records++;
      try {
        sink.accept(record);
      } finally {
        release();
      }
    }
    return records;
  }

  /** Returns the current end of the ring: a position that only grows. */
  public long end() {
    return (long) POSITION.getAcquire(producer, 0L);
  }

  /** Returns the beginning of the next record to read: a position like {@link #end}. */
  public long position() {
    return position;
  }

  /**
   * Checks the positions, and corrects a wrong one. Restores a consumer's position that somebody
   * moved. Skips data that was overwritten.
   *
   * @param nowNanos the time, by a clock that only goes forward
   */
  public void check(long nowNanos) {
    long shared = (long) POSITION.getAcquire(consumer, 0L);
    if (shared != committed) {
      note(
          "somebody moved the consumer's position: position=%d expected=%d"
              .formatted(shared, committed));
      POSITION.setRelease(consumer, 0L, committed);
    }
    long end = end();
    if (end - position > mask) {
      skipOver("the kernel wrote over what was not read");
      return;
    }
    if (position > end) {
      skipOver("the position to read from is ahead of what was written");
      return;
    }
    if (!isAligned(position)) {
      skipOver("no record begins at the position to read from");
      return;
    }
    if (position < end && isBusyAt(position)) {
      if (busyPosition != position) {
        busyPosition = position;
        busySinceNanos = nowNanos;
      } else if (nowNanos - busySinceNanos >= BUSY_LIMIT_NANOS) {
        skipBusy(end);
      }
    }
  }

  /** Returns the first mismatch since the last call, as a text for a person. */
  public Optional<String> takeMisfit() {
    String taken = misfit;
    misfit = null;
    return Optional.ofNullable(taken);
  }

  /**
   * Returns the next record, which stays in the ring until {@link #release}.
   *
   * @param end a position from {@link #end}; later records are not read
   * @return its payload from position to limit, in the ring's own memory. Null if no record is
   *     before {@code end}, or the record is still being written
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
      if (next > end || HEADER_BYTES + (long) length > windowBytes - pageBytes) {
        skipOver("a header gives a length that cannot be: length=%d".formatted(length));
        return null;
      }
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
   * Returns whether the record that {@link #peek} returned is still whole, so that a copy of it is
   * valid. If it is not, skips the record and all later ones.
   */
  public boolean isIntact() {
    VarHandle.acquireFence();
    if (end() - position <= mask) {
      return true;
    }
    skipOver("the kernel wrote over what was being read");
    next = position;
    return false;
  }

  /**
   * Returns whether a record before {@code end} is still being written. {@link #peek} returns null
   * for such a record.
   */
  public boolean isBusy(long end) {
    return position < end;
  }

  /** Frees the ring's space of the record that {@link #peek} returned. */
  public void release() {
    position = next;
    if (!keeps) {
      commit();
    }
  }

  /**
   * Keeps read records in the ring until {@link #commit}. So another process that reads the ring
   * after this one still finds them.
   */
  public void keepUntilCommitted() {
    keeps = true;
  }

  /**
   * Resumes where another process stopped reading. The ring's own position is not trusted, since
   * every process that has the map can move it.
   *
   * @param kept the position where the other process stopped
   * @return by how many bytes the ring's position was ahead of {@code kept}. These bytes are read
   *     again, unless they were overwritten: then {@link #position} stays where the ring has it
   */
  public long resumeAt(long kept) {
    if (kept < 0 || kept > end() || !isAligned(kept)) {
      return 0;
    }
    long ahead = position - kept;
    // First, so that the kernel overwrites none of it from now on.
    POSITION.setVolatile(consumer, 0L, kept);
    if (end() - kept > mask) {
      POSITION.setVolatile(consumer, 0L, position);
    } else {
      position = kept;
      committed = kept;
    }
    return Math.max(0, ahead);
  }

  /** Frees the ring's space of all records that were read. */
  public void commit() {
    if (committed != position) {
      committed = position;
      POSITION.setRelease(consumer, 0L, position);
    }
  }

  /** Returns how many bytes were read and not yet freed. */
  public long uncommittedBytes() {
    return position - committed;
  }

  /** Returns whether uncommitted records fill more than half of the ring. */
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
    data.unmap(window);
  }

  /** Continues at the producer's position. */
  private void skipOver(String why) {
    long end = end();
    note("%s: bytes=%d".formatted(why, end - position));
    position = end;
    committed = end;
    POSITION.setRelease(consumer, 0L, end);
  }

  /**
   * Returns whether a record can begin there. A position that another process left may be any
   * number.
   */
  private static boolean isAligned(long where) {
    return (where & (HEADER_BYTES - 1)) == 0;
  }

  /** Skips a record that was never finished. Its length is known all the same. */
  private void skipBusy(long end) {
    long offset = position & mask;
    int length = (int) LENGTH.getAcquire(window, offset - windowStart) & ~(BUSY | DISCARD);
    long after = position + HEADER_BYTES + ((length + 7L) & ~7L);
    if (after > end) {
      skipOver("a record was never finished");
      return;
    }
    note("a record was never finished: bytes=%d".formatted(after - position));
    next = after;
    release();
  }

  private void note(String what) {
    misfit = misfit == null ? what : misfit;
  }

  private boolean isBusyAt(long where) {
    long offset = where & mask;
    show(offset, HEADER_BYTES);
    return ((int) LENGTH.getAcquire(window, offset - windowStart) & BUSY) != 0;
  }

  /** Moves the window, if necessary, so that it contains the {@code bytes} from {@code offset}. */
  private void show(long offset, long bytes) {
    if (offset >= windowStart && offset + bytes <= windowStart + window.byteSize()) {
      return;
    }
    long start = offset & -pageBytes;
    long length = Math.min(windowBytes, dataBytes - start);
    MemorySegment shown = data.map(start, length);
    data.unmap(window);
    window = shown;
    windowStart = start;
    view = window.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  private static long pageSize() {
    return SYSCONF.call(SC_PAGESIZE);
  }
}
