package org.kmodwatch.sensor.kernel;

/** Describes errno numbers in words, as this machine's C library does. */
final class Errnos {

  /** Operation not permitted. */
  static final int EPERM = 1;

  /** Interrupted system call. */
  static final int EINTR = 4;

  /** Argument list too long. For an attachment: a trampoline has no room for another program. */
  static final int E2BIG = 7;

  /** Try again. For a lock: another process holds it. */
  static final int EAGAIN = 11;

  /** Cannot allocate memory. */
  static final int ENOMEM = 12;

  /** Invalid argument. */
  static final int EINVAL = 22;

  /** Too many open files in system. */
  static final int ENFILE = 23;

  /** Too many open files. */
  static final int EMFILE = 24;

  private static final int EIO = 5;
  private static final int EBUSY = 16;
  private static final int ENOSPC = 28;
  private static final int EROFS = 30;
  private static final int ENOBUFS = 105;
  private static final int EDQUOT = 122;

  private static final CFunction STRERROR = CFunction.of(Native.libc(), "strerror");

  private Errnos() {}

  /**
   * Returns whether the same call may succeed later with no change to Kmodwatch or its options.
   * E2BIG is not among these errors: for a load it is permanent.
   */
  static boolean mayPass(int errno) {
    return switch (errno) {
      case EINTR, EIO, EAGAIN, ENOMEM, EBUSY, ENFILE, EMFILE, ENOSPC, EROFS, ENOBUFS, EDQUOT ->
          true;
      default -> false;
    };
  }

  /**
   * Returns the remedy if memory or descriptors are short: {@code "; …"}. Returns an empty string
   * for other errors.
   */
  static String remedy(int errno) {
    return switch (errno) {
      case ENOMEM ->
          "; free memory, or raise the limit of the control group (MemoryMax= of the service)";
      case EMFILE -> "; raise the limit of open files (ulimit -n, LimitNOFILE= of the service)";
      case ENFILE -> "; raise the machine's limit of open files (sysctl fs.file-max)";
      default -> "";
    };
  }

  /** Describes an errno: {@code Operation not permitted (errno=1)}. */
  static String describe(int errno) {
    return Native.string(Native.pointer(STRERROR.call(errno))) + " (errno=" + errno + ")";
  }
}
