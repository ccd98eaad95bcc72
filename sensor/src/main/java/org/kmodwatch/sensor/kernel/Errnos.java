package org.kmodwatch.sensor.kernel;

/** Errno numbers in words, as this machine's C library has them. */
final class Errnos {

  /** Operation not permitted. */
  static final int EPERM = 1;

  /** Interrupted system call. */
  static final int EINTR = 4;

  private static final CFunction STRERROR = CFunction.of(Native.libc(), "strerror");

  private Errnos() {}

  /** For example {@code Operation not permitted (errno=1)}. */
  static String describe(int errno) {
    return Native.string(Native.pointer(STRERROR.call(errno))) + " (errno=" + errno + ")";
  }
}
