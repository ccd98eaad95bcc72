package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;
import static org.kmodwatch.sensor.kernel.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The kernel's clocks, nanoseconds. Safe for use by several threads. */
public final class KernelClock {

  private static final int CLOCK_REALTIME = 0;
  private static final int CLOCK_BOOTTIME = 7;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private static final MethodHandle CLOCK_GETTIME =
      Native.function(Native.libc(), "clock_gettime", FunctionDescriptor.of(INT, INT, POINTER));

  /** struct timespec: seconds, nanoseconds. */
  private static final ThreadLocal<MemorySegment> TIMESPEC =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(LONG, 2));

  private KernelClock() {}

  /** Nanoseconds since boot, time asleep included: the clock of the records. */
  public static long bootNanos() {
    return read(CLOCK_BOOTTIME);
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
    try {
      int result = (int) CLOCK_GETTIME.invokeExact(clock, timespec);
      assert result == 0;
      return timespec.getAtIndex(LONG, 0) * NANOS_PER_SECOND + timespec.getAtIndex(LONG, 1);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
