package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;
import static org.kmodwatch.sensor.kernel.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
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
 * <p>Waiting: {@code poll(2)} is level-triggered on "producer is not at consumer", so reading until
 * nothing new is there and then polling loses no wake-up.
 *
 * <p>One thread reads; {@link #wakeUp} may come from any.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class RingBuffer implements AutoCloseable {

  private static final int HEADER_BYTES = 8;
  private static final int BUSY = 1 << 31;
  private static final int DISCARD = 1 << 30;
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int SC_PAGESIZE = 30;
  private static final short POLLIN = 1;
  private static final int POLLFD_BYTES = 8;

  private static final VarHandle POSITION = LONG.varHandle();
  private static final VarHandle LENGTH = INT.varHandle();

  private static final MethodHandle MMAP =
      Native.capturing(
          Native.libc(),
          "mmap",
          FunctionDescriptor.of(POINTER, POINTER, LONG, INT, INT, INT, LONG));
  private static final MethodHandle MUNMAP =
      Native.function(Native.libc(), "munmap", FunctionDescriptor.of(INT, POINTER, LONG));
  private static final MethodHandle SYSCONF =
      Native.function(Native.libc(), "sysconf", FunctionDescriptor.of(LONG, INT));
  private static final MethodHandle POLL =
      Native.capturing(Native.libc(), "poll", FunctionDescriptor.of(INT, POINTER, LONG, INT));
  private static final MethodHandle EVENTFD =
      Native.capturing(Native.libc(), "eventfd", FunctionDescriptor.of(INT, INT, INT));
  private static final MethodHandle READ =
      Native.function(Native.libc(), "read", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
  private static final MethodHandle WRITE =
      Native.function(Native.libc(), "write", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
  private static final MethodHandle CLOSE =
      Native.function(Native.libc(), "close", FunctionDescriptor.of(INT, INT));

  private static final int EFD_NONBLOCK = 0x800;
  private static final int EFD_CLOEXEC = 0x80000;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment consumer;
  private final MemorySegment producer;
  private final MemorySegment data;
  private final ByteBuffer view;
  private final long mask;
  private final int wakeFd;
  private final MemorySegment pollFds;
  private final MemorySegment one;
  private final MemorySegment woken;
  private boolean closed;

  private RingBuffer(int mapFd, int sizeBytes) {
    long page = pageSize();
    this.mask = sizeBytes - 1L;
    this.consumer = mmap(mapFd, page, PROT_READ | PROT_WRITE, 0);
    MemorySegment readOnly = mmap(mapFd, page + 2L * sizeBytes, PROT_READ, page);
    this.producer = readOnly.asSlice(0, page);
    this.data = readOnly.asSlice(page);
    this.view = data.asByteBuffer().order(ByteOrder.nativeOrder());
    this.wakeFd = newEventFd();
    this.pollFds = arena.allocate(2L * POLLFD_BYTES, Integer.BYTES);
    pollFds.set(INT, 0, mapFd);
    pollFds.set(ValueLayout.JAVA_SHORT, 4, POLLIN);
    pollFds.set(INT, POLLFD_BYTES, wakeFd);
    pollFds.set(ValueLayout.JAVA_SHORT, POLLFD_BYTES + 4, POLLIN);
    this.one = arena.allocate(LONG);
    one.set(LONG, 0, 1);
    this.woken = arena.allocate(LONG);
  }

  /**
   * Maps a ring buffer.
   *
   * @param mapFd the map's descriptor, which must stay open
   * @param sizeBytes the map's {@code max_entries}
   * @throws KernelException if the kernel refuses
   */
  static RingBuffer map(int mapFd, int sizeBytes) {
    return new RingBuffer(mapFd, sizeBytes);
  }

  /**
   * Waits until a record is there, {@link #wakeUp} is called, or {@code timeout} is over.
   *
   * @throws KernelException if waiting fails
   */
  public void await(Duration timeout) {
    int millis = (int) Math.min(Integer.MAX_VALUE, Math.max(0, timeout.toMillis()));
    try {
      int ready = (int) POLL.invokeExact(Native.captured(), pollFds, 2L, millis);
      if (ready < 0 && Native.errno() != Errnos.EINTR) {
        throw new KernelException("waiting for the ring buffer failed", Native.errno());
      }
      if (ready > 0 && (pollFds.get(ValueLayout.JAVA_SHORT, POLLFD_BYTES + 6) & POLLIN) != 0) {
        long ignored = (long) READ.invokeExact(wakeFd, woken, 8L);
      }
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Makes a thread in {@link #await} return, or the next call of it; from any thread. */
  public void wakeUp() {
    try {
      long ignored = (long) WRITE.invokeExact(wakeFd, one, 8L);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Hands over every record that is there.
   *
   * @param sink takes a record's payload from position to limit; the buffer is the ring's own
   *     memory, valid during the call only
   * @return how many records there were
   */
  public int read(Consumer<ByteBuffer> sink) {
    int records = 0;
    long position = (long) POSITION.get(consumer, 0L);
    while (position < (long) POSITION.getAcquire(producer, 0L)) {
      long offset = position & mask;
      int header = (int) LENGTH.getAcquire(data, offset);
      if ((header & BUSY) != 0) {
        return records;
      }
      int length = header & ~DISCARD;
      position += HEADER_BYTES + ((length + 7L) & ~7L);
      if ((header & DISCARD) == 0) {
        int start = (int) offset + HEADER_BYTES;
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
    try {
      int first = (int) MUNMAP.invokeExact(consumer, consumer.byteSize());
      MemorySegment readOnly = MemorySegment.ofAddress(producer.address());
      int second = (int) MUNMAP.invokeExact(readOnly, producer.byteSize() + data.byteSize());
      int third = (int) CLOSE.invokeExact(wakeFd);
      assert first == 0 && second == 0 && third == 0;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
    arena.close();
  }

  private static MemorySegment mmap(int fd, long length, int protection, long offset) {
    try {
      var address =
          (MemorySegment)
              MMAP.invokeExact(
                  Native.captured(),
                  MemorySegment.NULL,
                  length,
                  protection,
                  MAP_SHARED,
                  fd,
                  offset);
      if (address.address() == -1) {
        throw new KernelException("the ring buffer cannot be mapped", Native.errno());
      }
      return address.reinterpret(length);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  private static long pageSize() {
    try {
      return (long) SYSCONF.invokeExact(SC_PAGESIZE);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  private static int newEventFd() {
    try {
      int fd = (int) EVENTFD.invokeExact(Native.captured(), 0, EFD_NONBLOCK | EFD_CLOEXEC);
      if (fd < 0) {
        throw new KernelException("no event descriptor to wake up by", Native.errno());
      }
      return fd;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
