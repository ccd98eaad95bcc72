package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** System calls of module work that do nothing but be seen. */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class ModuleCalls {

  /** By machine: include/uapi/asm-generic/unistd.h, arch/x86/entry/syscalls/syscall_64.tbl. */
  private static final long FINIT_MODULE =
      System.getProperty("os.arch", "").equals("aarch64") ? 273 : 313;

  private static final CFunction SYSCALL = CFunction.of(Native.libc(), "syscall");

  private static final CFunction GETPID = CFunction.of(Native.libc(), "getpid");

  private ModuleCalls() {}

  /**
   * {@code finit_module(-1, "", flags)}: the kernel refuses it for want of a capability, for flags
   * that it does not know, or for the descriptor, before it does anything.
   *
   * @return 0 or a negative errno
   */
  public static long refusedFinitModule(int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocateFrom("");
      long result =
          SYSCALL.call(FINIT_MODULE, -1L, params.address(), Integer.toUnsignedLong(flags));
      return result == -1 ? -Native.errno() : result;
    }
  }

  /** This process, as its pid namespace counts. */
  public static int processId() {
    return (int) GETPID.call();
  }
}
