package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.POINTER;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Errno numbers in words, as this machine's C library has them. */
final class Errnos {

  /** Operation not permitted. */
  static final int EPERM = 1;

  /** Interrupted system call. */
  static final int EINTR = 4;

  private static final MethodHandle STRERROR =
      Native.function(Native.libc(), "strerror", FunctionDescriptor.of(POINTER, INT));

  private Errnos() {}

  /** For example {@code Operation not permitted (errno=1)}. */
  static String describe(int errno) {
    try {
      return Native.string((MemorySegment) STRERROR.invokeExact(errno)) + " (errno=" + errno + ")";
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
