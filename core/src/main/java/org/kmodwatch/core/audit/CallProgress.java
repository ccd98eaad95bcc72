package org.kmodwatch.core.audit;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.EventNames;

/**
 * How far an attempt to load a module came, where nothing is known of it but what the call returned
 * (kernel/module/main.c, fs/kernel_read_file.c).
 */
public final class CallProgress {

  /**
   * What finit_module answers before it reads anything: no capability or switched off; unknown
   * flags, no plain file or an empty one; a bad descriptor; a signal; open for writing; too large;
   * no modules in this kernel. Some of these come later too (EPERM by lockdown or a forbidden name,
   * EINVAL by a damaged file): where the result alone is known, nothing is claimed.
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
   * The same of init_module: no capability or switched off; a security module that was asked before
   * the bytes were taken; no memory for them, or not the caller's; a signal; no modules.
   */
  private static final Set<Errno> BEFORE_TAKING =
      Collections.unmodifiableSet(
          EnumSet.of(
              Errno.EPERM, Errno.EACCES, Errno.ENOMEM, Errno.EFAULT, Errno.EINTR, Errno.ENOSYS));

  /** What the kernel itself answers once it has the bytes. */
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

  /** Size of an ELF header, below which init_module does not look at the bytes. */
  private static final long ELF_HEADER_BYTES = 64;

  private CallProgress() {}

  /**
   * Whether the kernel must have had the module's bytes.
   *
   * @param name {@code init_module} or {@code finit_module}
   * @param returned what it returned; null if that is not known
   * @param lengthBytes how many bytes init_module was given; null if that is not known
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
   * Whether code of a module that the kernel had named may have run, though the call did not
   * succeed: no check of the kernel's own gives that error, or the process ended inside the call.
   *
   * @param returned what the call returned; null if it did not
   * @param moduleName the module's name; null if the kernel did not say one
   */
  static boolean codeMayHaveRun(@Nullable Long returned, @Nullable String moduleName) {
    if (moduleName == null) {
      return false;
    }
    return returned == null
        || (returned < 0 && !OF_THE_KERNEL.contains(Errno.ofReturnValue(returned).orElse(null)));
  }

  /** The number of the call in events: x86-64's. */
  public static String eventId(String name) {
    return switch (name) {
      case EventNames.INIT_MODULE -> "175";
      case EventNames.DELETE_MODULE -> "176";
      case EventNames.FINIT_MODULE -> "313";
      default -> throw new IllegalArgumentException("not a call on modules: name=" + name);
    };
  }
}
