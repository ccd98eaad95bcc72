package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;

/**
 * Waiting for records in any of several ring buffers.
 *
 * <p>{@code poll(2)} on a ring is level-triggered on "producer is not at consumer", so reading
 * until nothing new is there and then waiting loses no wake-up.
 *
 * <p>One thread waits; {@link #wakeUp} may come from any.
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

  /** struct pollfd: that of the wake-up first, then those of the rings. */
  private final MemorySegment pollFds;

  private final long count;
  private final MemorySegment one;
  private final MemorySegment woken;
  private boolean closed;

  /**
   * Makes one.
   *
   * @param rings what to wait for; they must stay open
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
   * Waits until a record is in any of the rings, {@link #wakeUp} is called, or {@code timeout} is
   * over.
   *
   * @throws KernelException if waiting fails
   */
  public void await(Duration timeout) {
    await(timeout, count);
  }

  /** As {@link #await}, but no record ends it. */
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

  /** Makes a thread in {@link #await} return, or the next call of it; from any thread. */
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
