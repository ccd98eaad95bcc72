package org.kmodwatch.sensor.kernel;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;

/** The parts that all bindings here share: the linker, C's types and errno. */
@SuppressWarnings("restricted") // native access is this package's purpose
final class Native {

  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  static final AddressLayout POINTER = ValueLayout.ADDRESS;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  /** The memory to which a call writes errno, one for each thread. */
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  private Native() {}

  /** Returns the C library's functions. */
  static SymbolLookup libc() {
    return LINKER.defaultLookup();
  }

  static Linker linker() {
    return LINKER;
  }

  /** Returns the memory into which {@link CFunction} writes errno on this thread. */
  static MemorySegment captured() {
    return CAPTURED.get();
  }

  /**
   * Returns the errno of the last call on this thread. It is only meaningful if that call failed.
   */
  static int errno() {
    return CAPTURED.get().get(INT, ERRNO);
  }

  /** Returns an address that a C function returned, as a segment. */
  static MemorySegment pointer(long address) {
    return MemorySegment.ofAddress(address);
  }

  /** Returns the C string at {@code pointer}; empty if {@code pointer} is NULL. */
  static String string(MemorySegment pointer) {
    return pointer.address() == 0 ? "" : pointer.reinterpret(Long.MAX_VALUE).getString(0);
  }

  /**
   * Handles the Throwable that a method handle is declared to throw. A C function never throws it.
   */
  static AssertionError unreachable(Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    if (t instanceof RuntimeException exception) {
      throw exception;
    }
    return new AssertionError("a native call threw", t);
  }
}
