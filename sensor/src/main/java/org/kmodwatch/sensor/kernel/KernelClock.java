package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** The kernel's clocks, nanoseconds. Safe for use by several threads. */
public final class KernelClock {

  private static final int CLOCK_REALTIME = 0;
  private static final int CLOCK_BOOTTIME = 7;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private static final CFunction CLOCK_GETTIME = CFunction.of(Native.libc(), "clock_gettime");

  /** struct timespec: seconds, nanoseconds. */
  private static final ThreadLocal<MemorySegment> TIMESPEC =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(LONG, 2));

  /** Cannot change once there is a process in the namespace. */
  private static final long NAMESPACE_OFFSET_NANOS =
      TimeNamespace.bootOffsetNanos(Path.of("/proc"));

  private KernelClock() {}

  /**
   * Nanoseconds since the host's boot, time asleep included: the clock of the records, in whatever
   * time namespace this process is.
   */
  public static long bootNanos() {
    return read(CLOCK_BOOTTIME) - NAMESPACE_OFFSET_NANOS;
  }

  /**
   * What to add to a time since boot to get one since the epoch. Changes when somebody sets the
   * clock. Of three readings the one is taken in which the least time went by between the two
   * clocks.
   */
  public static long bootToEpochNanos() {
    long best = Long.MAX_VALUE;
    long offset = 0;
    for (int i = 0; i < 3; i++) {
      long before = bootNanos();
      long real = read(CLOCK_REALTIME);
      long after = bootNanos();
      if (after - before < best) {
        best = after - before;
        offset = real - (before + (after - before) / 2);
      }
    }
    return offset;
  }

  private static long read(int clock) {
    MemorySegment timespec = TIMESPEC.get();
    int result = (int) CLOCK_GETTIME.call(clock, timespec.address());
    assert result == 0;
    return timespec.getAtIndex(LONG, 0) * NANOS_PER_SECOND + timespec.getAtIndex(LONG, 1);
  }
}
