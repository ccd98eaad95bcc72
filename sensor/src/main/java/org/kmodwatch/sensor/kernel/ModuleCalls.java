package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Makes module system calls that have no effect, so that the programs report them. */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class ModuleCalls {

  /**
   * The number by machine: include/uapi/asm-generic/unistd.h,
   * arch/x86/entry/syscalls/syscall_64.tbl.
   */
  private static final long FINIT_MODULE =
      System.getProperty("os.arch", "").equals("aarch64") ? 273 : 313;

  private static final CFunction SYSCALL = CFunction.of(Native.libc(), "syscall");

  private static final CFunction GETPID = CFunction.of(Native.libc(), "getpid");

  private ModuleCalls() {}

  /**
   * Calls {@code finit_module(-1, "", flags)}. The kernel refuses the call before it has an effect:
   * because of a missing capability, unknown flags or the descriptor.
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

  /** Returns this process's id in its own pid namespace. */
  public static int processId() {
    return (int) GETPID.call();
  }
}
