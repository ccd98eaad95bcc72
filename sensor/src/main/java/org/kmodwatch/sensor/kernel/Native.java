package org.kmodwatch.sensor.kernel;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;

/** What every binding here shares: the linker, C's types, errno. */
@SuppressWarnings("restricted") // native access is this package's purpose
final class Native {

  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  static final AddressLayout POINTER = ValueLayout.ADDRESS;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  /** Where a call leaves errno; one a thread. */
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  private Native() {}

  /** The C library's functions. */
  static SymbolLookup libc() {
    return LINKER.defaultLookup();
  }

  static Linker linker() {
    return LINKER;
  }

  /** What {@link CFunction} takes for errno, on this thread. */
  static MemorySegment captured() {
    return CAPTURED.get();
  }

  /** The errno that the last call on this thread left; means something only if that call failed. */
  static int errno() {
    return CAPTURED.get().get(INT, ERRNO);
  }

  /** The address that a C function returned. */
  static MemorySegment pointer(long address) {
    return MemorySegment.ofAddress(address);
  }

  /** The C string at {@code pointer}, which may be NULL. */
  static String string(MemorySegment pointer) {
    return pointer.address() == 0 ? "" : pointer.reinterpret(Long.MAX_VALUE).getString(0);
  }

  /**
   * For the Throwable that a method handle is declared to throw and that a C function never does.
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
