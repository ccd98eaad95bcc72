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
 * <p>Trust: whoever may call bpf(2) can write the consumer's position, and the kernel then writes
 * over what was not read. So the position to read from is our own, the shared one is compared with
 * what we last wrote there ({@link #check}), and how far the producer is ahead is compared with the
 * size, before a record is looked at and again once it was copied ({@link #isIntact}). If that does
 * not fit, reading goes on at the producer's position, the only place known to be the beginning of
 * a record.
 *
 * <p>Mapping: every page that is mapped counts as memory of this process, so of a big ring only a
 * window is, which moves along with the reading.
 *
 * <p>Waiting is {@link RingPoll}'s. One thread reads.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class RingBuffer implements AutoCloseable {

  /** No program takes as long as this to write a record. */
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

  /** What we last wrote to the consumer's position. */
  private long committed;

  /** The position at which a record was found busy, and since when. */
  private long busyPosition = -1;

  private long busySinceNanos;
  private @Nullable String misfit;
  private boolean keeps;
  private boolean closed;

  /** Where the data comes from: the kernel's, or a test's. */
  interface Data {
    /** Maps a part of the data, which is there twice in a row. */
    MemorySegment map(long offset, long bytes);

    /** Gives a part back. */
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
   * @param windowBytes how much of the data is mapped at once, at least what a record takes and a
   *     page; twice {@code sizeBytes} is all of it
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

  /** The map's descriptor, to wait on. */
  int fd() {
    return mapFd;
  }

  /**
   * Hands over every record that is there now. What comes meanwhile is left for the next call, so
   * that a flood does not keep the caller from everything else.
   *
   * @param sink takes a record's payload from position to limit; the buffer is the ring's own
   *     memory, valid during the call only, and what was read of it counts only if {@link
   *     #isIntact} says so afterwards
   * @return how many records there were
   */
  public int read(Consumer<ByteBuffer> sink) {
    return read(Long.MAX_VALUE, sink);
  }

  /**
   * As {@link #read(Consumer)}, but ends once {@code maxBytes} were read.
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

  /** Where the ring ends now: a position that only grows. */
  public long end() {
    return (long) POSITION.getAcquire(producer, 0L);
  }

  /** Where the next record to be read begins: a position as {@link #end}. */
  public long position() {
    return position;
  }

  /**
   * Compares the positions with what they must be, and sets right what is not: a consumer's
   * position that somebody moved is put back, and what was written over is passed by.
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

  /** What did not fit since the last call, for a person. */
  public Optional<String> takeMisfit() {
    String taken = misfit;
    misfit = null;
    return Optional.ofNullable(taken);
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
   * Whether the record that {@link #peek} has shown is still whole, so that what was copied of it
   * is what a program wrote. If not, it and all that is behind it is passed by.
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

  /**
   * Goes on where another process stopped reading, whatever the ring says: anybody who has the map
   * can move its reader.
   *
   * @param kept where it stopped
   * @return by how many bytes the ring's reader was ahead of that; what is between is read all the
   *     same, unless it was written over: then {@link #position} stays where the ring says
   */
  public long resumeAt(long kept) {
    if (kept < 0 || kept > end() || !isAligned(kept)) {
      return 0;
    }
    long ahead = position - kept;
    // First, so that the kernel writes over none of it from now on.
    POSITION.setVolatile(consumer, 0L, kept);
    if (end() - kept > mask) {
      POSITION.setVolatile(consumer, 0L, position);
    } else {
      position = kept;
      committed = kept;
    }
    return Math.max(0, ahead);
  }

  /** Gives the room of all that was read back to the kernel. */
  public void commit() {
    if (committed != position) {
      committed = position;
      POSITION.setRelease(consumer, 0L, position);
    }
  }

  /** How much was read and not given back, in bytes. */
  public long uncommittedBytes() {
    return position - committed;
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
    data.unmap(window);
  }

  /** Goes on at the producer's position. */
  private void skipOver(String why) {
    long end = end();
    note("%s: bytes=%d".formatted(why, end - position));
    position = end;
    committed = end;
    POSITION.setRelease(consumer, 0L, end);
  }

  /** Whether a record can begin there; what another process left may be anything. */
  private static boolean isAligned(long where) {
    return (where & (HEADER_BYTES - 1)) == 0;
  }

  /** Passes by the record that was never finished, whose length is known all the same. */
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

  /** Sees to it that the window holds the {@code bytes} from {@code offset}. */
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
