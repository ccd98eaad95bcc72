package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;

/**
 * Waits for records in any of several ring buffers.
 *
 * <p>{@code poll(2)} on a ring is level-triggered on "producer is not at consumer". So no wake-up
 * is lost if a caller reads all records and then waits.
 *
 * <p>One thread waits. Any thread may call {@link #wakeUp}.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class RingPoll implements AutoCloseable {

  private static final short POLLIN = 1;
  private static final int POLLFD_BYTES = 8;
  private static final int POLLFD_EVENTS = 4;
  private static final int POLLFD_REVENTS = 6;
  private static final int EFD_NONBLOCK = 0x800;
  private static final int EFD_CLOEXEC = 0x80000;

  private static final CFunction POLL = CFunction.of(Native.libc(), "poll");
  private static final CFunction EVENTFD = CFunction.of(Native.libc(), "eventfd");
  private static final CFunction READ = CFunction.of(Native.libc(), "read");
  private static final CFunction WRITE = CFunction.of(Native.libc(), "write");

  private final Arena arena = Arena.ofShared();
  private final int wakeFd;

  /** An array of struct pollfd: first that of the wake-up, then those of the rings. */
  private final MemorySegment pollFds;

  private final long count;
  private final MemorySegment one;
  private final MemorySegment woken;
  private boolean closed;

  /**
   * Creates a poll of {@code rings}.
   *
   * @param rings the rings to wait for, which must stay open
   * @throws KernelException if the kernel has no descriptor left
   */
  public RingPoll(List<RingBuffer> rings) {
    this.wakeFd = newEventFd();
    this.count = 1L + rings.size();
    this.pollFds = arena.allocate(count * POLLFD_BYTES, Integer.BYTES);
    watch(0, wakeFd);
    for (int i = 0; i < rings.size(); i++) {
      watch(1 + i, rings.get(i).fd());
    }
    this.one = arena.allocate(LONG);
    one.set(LONG, 0, 1);
    this.woken = arena.allocate(LONG);
  }

  /**
   * Waits until a ring has a record, {@link #wakeUp} is called, or {@code timeout} has passed.
   *
   * @throws KernelException if waiting fails
   */
  public void await(Duration timeout) {
    await(timeout, count);
  }

  /** Waits like {@link #await}, but a record does not end the wait. */
  public void pause(Duration timeout) {
    await(timeout, 1);
  }

  private void await(Duration timeout, long watched) {
    int millis = (int) Math.min(Integer.MAX_VALUE, Math.max(0, timeout.toMillis()));
    int ready = (int) POLL.call(pollFds.address(), watched, millis);
    if (ready < 0 && Native.errno() != Errnos.EINTR) {
      throw new KernelException("waiting for the ring buffers failed", Native.errno());
    }
    if (ready > 0 && (pollFds.get(ValueLayout.JAVA_SHORT, POLLFD_REVENTS) & POLLIN) != 0) {
      long ignored = READ.call(wakeFd, woken.address(), 8L);
    }
  }

  /** Ends the current or else the next call of {@link #await}. Any thread may call it. */
  public void wakeUp() {
    long ignored = WRITE.call(wakeFd, one.address(), 8L);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Descriptors.close(wakeFd);
    arena.close();
  }

  private void watch(int index, int fd) {
    pollFds.set(INT, (long) index * POLLFD_BYTES, fd);
    pollFds.set(ValueLayout.JAVA_SHORT, (long) index * POLLFD_BYTES + POLLFD_EVENTS, POLLIN);
  }

  private static int newEventFd() {
    int fd = (int) EVENTFD.call(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) {
      throw new KernelException("no event descriptor to wake up by", Native.errno());
    }
    return fd;
  }
}
