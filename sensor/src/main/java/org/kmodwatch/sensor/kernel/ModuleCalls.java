package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;
import static org.kmodwatch.sensor.kernel.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** System calls of module work that do nothing but be seen. */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class ModuleCalls {

  /** By machine: include/uapi/asm-generic/unistd.h, arch/x86/entry/syscalls/syscall_64.tbl. */
  private static final long FINIT_MODULE =
      System.getProperty("os.arch", "").equals("aarch64") ? 273 : 313;

  private static final MethodHandle SYSCALL =
      Native.linker()
          .downcallHandle(
              Native.libc().findOrThrow("syscall"),
              FunctionDescriptor.of(LONG, LONG, LONG, POINTER, LONG),
              Linker.Option.firstVariadicArg(1),
              Linker.Option.captureCallState("errno"));

  private static final MethodHandle GETPID =
      Native.function(Native.libc(), "getpid", FunctionDescriptor.of(INT));

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
          (long)
              SYSCALL.invokeExact(
                  Native.captured(), FINIT_MODULE, -1L, params, Integer.toUnsignedLong(flags));
      return result == -1 ? -Native.errno() : result;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** This process, as its pid namespace counts. */
  public static int processId() {
    try {
      return (int) GETPID.invokeExact();
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
