package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * A C function that takes at most six integers and pointers, and returns one or nothing. Safe for
 * use by several threads.
 *
 * <p>For maintainers. Java makes some ten classes for each type of function, which for all that are
 * used here took a fifth of the time to the armed sensor. So there is one type: six registers in,
 * one out. On x86-64 and arm64 this is what a call of any of them is. Who is called does not look
 * at registers that it has no parameter for, nor at the upper half of an int; the upper half of an
 * int that is returned is not to be looked at either, hence the casts of those who call. What is
 * passed as an address must be kept alive by who calls, which an arena does that is closed after.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
final class CFunction {

  private static final MethodHandle CALL =
      Native.linker()
          .downcallHandle(
              FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG),
              Linker.Option.captureCallState("errno"));

  private final MemorySegment address;

  private CFunction(MemorySegment address) {
    this.address = address;
  }

  /**
   * Finds one.
   *
   * @throws java.util.NoSuchElementException if it is not there
   */
  static CFunction of(SymbolLookup lookup, String name) {
    return new CFunction(lookup.findOrThrow(name));
  }

  long call() {
    return call(0);
  }

  long call(long a) {
    return call(a, 0);
  }

  long call(long a, long b) {
    return call(a, b, 0);
  }

  long call(long a, long b, long c) {
    return call(a, b, c, 0);
  }

  long call(long a, long b, long c, long d) {
    return call(a, b, c, d, 0, 0);
  }

  /**
   * Calls it. If it fails with errno, {@link Native#errno} has that.
   *
   * @return its result; of an int only the lower half means something
   */
  long call(long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(address, Native.captured(), a, b, c, d, e, f);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
