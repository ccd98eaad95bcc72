package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Reads the kernel's clocks, in nanoseconds. Several threads may use it. */
public final class KernelClock {

  private static final int CLOCK_REALTIME = 0;
  private static final int CLOCK_BOOTTIME = 7;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private static final CFunction CLOCK_GETTIME = CFunction.of(Native.libc(), "clock_gettime");

  /** struct timespec: seconds, nanoseconds. */
  private static final ThreadLocal<MemorySegment> TIMESPEC =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(LONG, 2));

  /** The offset cannot change once the namespace has a process. */
  private static final long NAMESPACE_OFFSET_NANOS =
      TimeNamespace.bootOffsetNanos(Path.of("/proc"));

  private KernelClock() {}

  /**
   * Returns the nanoseconds since the host's boot, including time asleep. This is the clock of the
   * records. The time namespace of this process does not change it.
   */
  public static long bootNanos() {
    return read(CLOCK_BOOTTIME) - NAMESPACE_OFFSET_NANOS;
  }

  /**
   * Returns the difference between time since the epoch and time since boot. It changes when
   * somebody sets the clock. The method reads both clocks three times. It uses the reading with the
   * least time between the two clocks.
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
