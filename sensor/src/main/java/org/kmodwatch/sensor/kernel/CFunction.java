package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * A C function that takes at most six integers and pointers. It returns one of these or nothing.
 * Several threads may use it.
 *
 * <p>For maintainers. Java makes some ten classes for each type of function. With a type for each
 * function used here, these classes took a fifth of the time to the armed sensor. So there is one
 * type: six registers in, one out. On x86-64 and arm64 this is how each of these functions is
 * called. A function ignores the registers that it has no parameter for, and the upper half of an
 * int parameter. The upper half of a returned int is undefined, so callers cast the result. The
 * caller must keep memory alive whose address it passes, for example with an arena that it closes
 * afterwards.
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
   * Finds a C function.
   *
   * @throws java.util.NoSuchElementException if the library lacks it
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
   * Calls the function. If it fails with errno, {@link Native#errno} returns that errno.
   *
   * @return the function's result; only the lower half of an int is defined
   */
  long call(long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(address, Native.captured(), a, b, c, d, e, f);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
