package org.kmodwatch.core.audit;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.EventNames;

/**
 * Derives how far an attempt to load a module came, from the call's return value alone
 * (kernel/module/main.c, fs/kernel_read_file.c).
 */
public final class CallProgress {

  /**
   * The errors that finit_module returns before it reads the file. EPERM: no capability, or loading
   * is disabled. EINVAL: unknown flags, not a regular file, or an empty one. EBADF: a bad
   * descriptor. EINTR: a signal. ETXTBSY: the file is open for writing. EFBIG: it is too large.
   * ENOSYS: the kernel has no modules. Some also occur later: EPERM by lockdown or a forbidden
   * name, EINVAL by a damaged file. The return value alone then proves nothing.
   */
  private static final Set<Errno> BEFORE_READING =
      Collections.unmodifiableSet(
          EnumSet.of(
              Errno.EPERM,
              Errno.EINVAL,
              Errno.EBADF,
              Errno.EINTR,
              Errno.ETXTBSY,
              Errno.EFBIG,
              Errno.ENOSYS));

  /**
   * The errors that init_module returns before it copies the bytes. EPERM: no capability, or
   * loading is disabled. EACCES: a security module refused before the copy. ENOMEM: no memory for
   * the bytes. EFAULT: the memory is not the caller's. EINTR: a signal. ENOSYS: the kernel has no
   * modules.
   */
  private static final Set<Errno> BEFORE_TAKING =
      Collections.unmodifiableSet(
          EnumSet.of(
              Errno.EPERM, Errno.EACCES, Errno.ENOMEM, Errno.EFAULT, Errno.EINTR, Errno.ENOSYS));

  /** The errors that the kernel itself returns once it has the bytes. */
  private static final Set<Errno> OF_THE_KERNEL =
      Collections.unmodifiableSet(
          EnumSet.of(
              Errno.EPERM,
              Errno.ENOENT,
              Errno.EINTR,
              Errno.ENOEXEC,
              Errno.EAGAIN,
              Errno.ENOMEM,
              Errno.EFAULT,
              Errno.EBUSY,
              Errno.EEXIST,
              Errno.EINVAL,
              Errno.EKEYREJECTED,
              Errno.EKEYEXPIRED,
              Errno.EKEYREVOKED,
              Errno.ENOKEY,
              Errno.ENOPKG,
              Errno.EBADMSG,
              Errno.EOPNOTSUPP));

  /** Size of an ELF header, in bytes. init_module does not look at fewer bytes. */
  private static final long ELF_HEADER_BYTES = 64;

  private CallProgress() {}

  /**
   * Returns whether the kernel must have had the module's bytes.
   *
   * @param name {@code init_module} or {@code finit_module}
   * @param returned the call's return value; null if it is not known
   * @param lengthBytes the length that init_module was given, in bytes; null if it is not known
   */
  public static boolean imageTaken(
      String name, @Nullable Long returned, @Nullable Long lengthBytes) {
    if (returned == null || name.equals(EventNames.DELETE_MODULE)) {
      return false;
    }
    if (returned >= 0) {
      return true;
    }
    Errno errno = Errno.ofReturnValue(returned).orElse(null);
    if (name.equals(EventNames.FINIT_MODULE)) {
      return !BEFORE_READING.contains(errno);
    }
    boolean tooShort =
        errno == Errno.ENOEXEC
            && lengthBytes != null
            && Long.compareUnsigned(lengthBytes, ELF_HEADER_BYTES) < 0;
    return !BEFORE_TAKING.contains(errno) && !tooShort;
  }

  /**
   * Returns whether code of a named module may have run although the call did not succeed. This
   * holds if no check in the kernel gives that error, or if the process ended inside the call.
   *
   * @param returned the call's return value; null if the call did not return
   * @param moduleName the module's name; null if the kernel did not report it
   */
  static boolean codeMayHaveRun(@Nullable Long returned, @Nullable String moduleName) {
    if (moduleName == null) {
      return false;
    }
    return returned == null
        || (returned < 0 && !OF_THE_KERNEL.contains(Errno.ofReturnValue(returned).orElse(null)));
  }

  /** Returns the number that the call has in events, which is its x86-64 number. */
  public static String eventId(String name) {
    return switch (name) {
      case EventNames.INIT_MODULE -> "175";
      case EventNames.DELETE_MODULE -> "176";
      case EventNames.FINIT_MODULE -> "313";
      default -> throw new IllegalArgumentException("not a call on modules: name=" + name);
    };
  }
}
