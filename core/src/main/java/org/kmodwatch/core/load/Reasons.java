package org.kmodwatch.core.load;

import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.EventNames;

/**
 * Explains why an attempt did not succeed, from the error number and the stage that the attempt
 * reached. The rows are in the reverse order of the kernel's own checks. The first row that fits is
 * used (docs/reference/load-record.md lists them for people).
 */
final class Reasons {

  /** Lists the stages that an attempt may reach, judged by its events. */
  enum Stage {
    /** Only the call was seen. */
    ENTRY,
    /** The kernel began to copy the module's bytes. */
    TAKING,
    /** The kernel has the bytes. */
    TAKEN,
    /** The parameters were about to be set: the module's own code for them may have run. */
    COMING,
    /** The module was loaded, and its init function began. */
    INIT
  }

  /** Lists the module calls. */
  enum Call {
    /** The call loads from memory. */
    INIT(EventNames.INIT_MODULE),
    /** The call loads from a file. */
    FINIT(EventNames.FINIT_MODULE),
    /** The call unloads. */
    DELETE(EventNames.DELETE_MODULE);

    /** The name that the system call has. */
    final String syscall;

    Call(String syscall) {
      this.syscall = syscall;
    }

    /** Returns the call of that name; null if it is not a module call. */
    static @Nullable Call named(String syscall) {
      return switch (syscall) {
        case EventNames.INIT_MODULE -> INIT;
        case EventNames.FINIT_MODULE -> FINIT;
        case EventNames.DELETE_MODULE -> DELETE;
        default -> null;
      };
    }
  }

  /**
   * Holds the facts on an attempt that did not succeed.
   *
   * @param call the call
   * @param returnValue its return value, negative
   * @param stage the stage that it reached
   * @param flags the call's flags
   * @param capable whether the process had CAP_SYS_MODULE; null if not known
   * @param initialUserNamespace whether the process was in the initial user namespace; null if not
   *     known
   * @param hook name of the security hook that refused the attempt; null if no hook did
   * @param signatureMissing whether the module has no valid signature
   * @param lockdownVerdict the result of lockdown; null if it was not asked
   * @param signatureResult the result of the kernel's signature check; null if it was not seen
   * @param signatureStatus the status of the signature in the image event, from the bytes and that
   *     check; null if not known
   * @param moduleNameKnown whether the kernel had read the module's name
   * @param byResultAlone whether only the return value is known, so that the stage is derived from
   *     it
   * @param codeMayHaveRun whether code of the module may have run, judged by the return value
   */
  record Facts(
      Call call,
      long returnValue,
      Stage stage,
      long flags,
      @Nullable Boolean capable,
      @Nullable Boolean initialUserNamespace,
      @Nullable String hook,
      boolean signatureMissing,
      @Nullable Long lockdownVerdict,
      @Nullable Long signatureResult,
      @Nullable String signatureStatus,
      boolean moduleNameKnown,
      boolean byResultAlone,
      boolean codeMayHaveRun) {

    private boolean is(Errno errno) {
      return returnValue == -errno.number();
    }

    private boolean at(Stage reached) {
      return stage == reached;
    }

    private boolean hasBegun() {
      return stage == Stage.TAKING || stage == Stage.TAKEN;
    }

    private boolean early() {
      return stage == Stage.ENTRY;
    }

    private boolean endedByItsSignature() {
      return signatureResult != null && signatureResult < 0 && signatureResult == returnValue;
    }

    /** Returns whether the result may come from the check of the signature. */
    private boolean mayBeOfItsSignature() {
      return signatureResult == null && !moduleNameKnown;
    }

    private boolean loads() {
      return call != Call.DELETE;
    }
  }

  /**
   * Explains the result of an attempt.
   *
   * @param reason null if nothing needs an explanation
   */
  record Verdict(LoadRecord.Outcome outcome, @Nullable String reason) {}

  private record Row(
      LoadRecord.Outcome outcome, Predicate<Facts> fits, Function<Facts, String> words) {}

  private static final List<Row> ROWS =
      List.of(
          // Errors from the module's own code.
          failed(
              f -> f.at(Stage.INIT),
              f -> "the module's init function ran and returned " + name(f.returnValue())),
          failed(
              f -> f.at(Stage.COMING),
              f ->
                  "setting its parameters failed with "
                      + name(f.returnValue())
                      + "; the module's own code for them may have run"),
          // Security modules, whose results the sensor sees separately.
          refused(f -> f.hook() != null, f -> ofHook(f.hook(), f.returnValue())),
          // If only the result is known, several causes may have it.
          failed(
              f -> f.byResultAlone() && f.codeMayHaveRun(),
              f ->
                  "the module's own code, or a part of the kernel that is told of modules, returned"
                      + " "
                      + name(f.returnValue())),
          refused(
              f -> f.byResultAlone() && f.loads() && f.early() && f.is(Errno.EPERM),
              "no capability CAP_SYS_MODULE, or kernel.modules_disabled is set, or lockdown or"
                  + " module_blacklist forbids it; which is not known"),
          refused(
              f -> f.byResultAlone() && f.loads() && f.is(Errno.EPERM),
              "lockdown or module_blacklist forbids it, or the module's own code returned it; which"
                  + " is not known"),
          failed(
              f ->
                  f.byResultAlone()
                      && f.call() == Call.FINIT
                      && f.early()
                      && f.is(Errno.EINVAL)
                      && BitNames.unknownLoadFlags(f.flags()) == 0,
              "the file is no plain file, is empty or is damaged, or the kernel does not know the"
                  + " flags; which is not known"),
          // Errors before the kernel copied anything.
          refused(
              f -> f.early() && f.is(Errno.EPERM) && Boolean.FALSE.equals(f.initialUserNamespace()),
              "the process is in a user namespace of its own, where CAP_SYS_MODULE does not count"),
          refused(
              f -> f.early() && f.is(Errno.EPERM) && Boolean.FALSE.equals(f.capable()),
              "the process lacks the capability CAP_SYS_MODULE"),
          refused(
              f -> f.early() && f.is(Errno.EPERM) && Boolean.TRUE.equals(f.capable()),
              "loading and unloading is switched off until the next boot"
                  + " (kernel.modules_disabled)"),
          refused(
              f -> f.early() && f.is(Errno.EPERM),
              "no capability CAP_SYS_MODULE, or kernel.modules_disabled is set"),
          // Errors of unloading.
          failed(f -> !f.loads() && f.is(Errno.ENOENT), "no module of that name is loaded"),
          failed(
              f -> !f.loads() && f.is(Errno.EAGAIN),
              "the module is in use, or another module depends on it"),
          failed(
              f -> !f.loads() && f.is(Errno.EBUSY),
              "the module's init function has not finished, or it has no exit function"),
          failed(
              f -> !f.loads() && f.is(Errno.EFAULT),
              "the name is not in memory that the caller may read"),
          failed(f -> !f.loads() && f.is(Errno.EINTR), "a signal interrupted it"),
          // Errors in the given file or memory.
          failed(
              f ->
                  f.call() == Call.FINIT
                      && f.early()
                      && f.is(Errno.EINVAL)
                      && BitNames.unknownLoadFlags(f.flags()) != 0,
              f ->
                  "the kernel does not know the flags "
                      + BitNames.hex(BitNames.unknownLoadFlags(f.flags()))),
          failed(
              f ->
                  f.call() == Call.FINIT
                      && f.early()
                      && f.is(Errno.EINVAL)
                      && (f.flags() & BitNames.COMPRESSED_FILE) != 0,
              "the file is no plain file or is empty, or the kernel does not know compressed"
                  + " modules"),
          failed(
              f -> f.call() == Call.FINIT && f.early() && f.is(Errno.EINVAL),
              "the file is no plain file, or is empty"),
          failed(
              f -> f.early() && f.is(Errno.EBADF),
              "the descriptor is closed, or not open for reading"),
          failed(f -> f.early() && f.is(Errno.ETXTBSY), "the file is open for writing"),
          failed(f -> f.is(Errno.EFBIG), "the file is too large"),
          failed(f -> f.early() && f.is(Errno.ENOEXEC), "it is too short to be a module"),
          failed(f -> f.is(Errno.EIO), "the file could not be read"),
          failed(f -> f.early() && f.is(Errno.ENOSYS), "this kernel cannot load modules"),
          // Errors by signature, lockdown, blacklist.
          refused(
              f ->
                  f.loads()
                      && f.lockdownVerdict() != null
                      && f.lockdownVerdict() < 0
                      && f.lockdownVerdict() == f.returnValue(),
              "the kernel is locked down, and the module has no valid signature"),
          refused(
              f -> f.loads() && f.is(Errno.EKEYREJECTED), f -> rejectedKey(f.signatureStatus())),
          refused(f -> f.loads() && f.is(Errno.EBADMSG), "the signature is damaged"),
          refused(
              f -> f.loads() && f.is(Errno.ENOPKG),
              "the kernel does not know the signature's algorithm"),
          failed(
              f -> f.endedByItsSignature() && f.is(Errno.ENOENT),
              "the kernel lacks an algorithm that the module's signature needs"),
          refused(
              f -> f.endedByItsSignature() && f.is(Errno.EINVAL),
              "the signature is malformed, or not made by the key that it names"),
          failed(
              f -> f.endedByItsSignature() && !f.is(Errno.ENOMEM) && !isRefusal(f.returnValue()),
              f -> "the check of the signature ended with " + name(f.returnValue())),
          refused(f -> f.loads() && f.is(Errno.ENOKEY), "the kernel has no key for the signature"),
          refused(f -> f.loads() && f.is(Errno.EKEYEXPIRED), "the signature's key has expired"),
          refused(f -> f.loads() && f.is(Errno.EKEYREVOKED), "the signature's key is revoked"),
          refused(
              f -> f.hasBegun() && f.is(Errno.EPERM) && f.lockdownVerdict() != null,
              "the kernel's command line forbids a module of that name (module_blacklist)"),
          refused(
              f -> f.hasBegun() && f.is(Errno.EPERM),
              "the kernel is locked down and the module has no valid signature, or module_blacklist"
                  + " forbids it; which is not known"),
          // Errors in the module's content.
          failed(
              f -> f.hasBegun() && f.is(Errno.EOPNOTSUPP), "this kernel cannot decompress modules"),
          failed(
              f -> f.hasBegun() && f.is(Errno.ENOEXEC) && f.moduleNameKnown(),
              "it was built for another kernel: its version magic or symbol versions differ, or it"
                  + " is malformed"),
          failed(
              f -> f.hasBegun() && f.is(Errno.ENOEXEC),
              "it is no module for this kernel: its format, architecture, version magic or symbol"
                  + " versions do not fit"),
          failed(f -> f.loads() && f.is(Errno.EEXIST), "a module of that name is already loaded"),
          failed(
              f -> f.loads() && f.is(Errno.EBUSY),
              "a module of that name was just being loaded or unloaded"),
          failed(
              f -> f.hasBegun() && f.is(Errno.ENOENT) && f.mayBeOfItsSignature(),
              "it needs a symbol that no loaded module and not the kernel has, or its signature an"
                  + " algorithm that the kernel lacks; which is not known"),
          failed(
              f -> f.hasBegun() && f.is(Errno.ENOENT),
              "it needs a symbol that no loaded module and not the kernel has"),
          failed(
              f ->
                  f.hasBegun() && f.is(Errno.EINVAL) && (f.flags() & BitNames.COMPRESSED_FILE) != 0,
              "the compressed file is damaged, or not compressed as this kernel is set up for"),
          failed(
              f -> f.hasBegun() && f.is(Errno.EINVAL) && f.mayBeOfItsSignature(),
              "it or its signature is malformed, or its parameters are too long; which is not"
                  + " known"),
          failed(
              f -> f.hasBegun() && f.is(Errno.EINVAL),
              "it is malformed, or its parameters are too long"),
          // Errors by the caller and the machine.
          failed(
              f -> f.call() == Call.INIT && !f.at(Stage.TAKEN) && f.is(Errno.EFAULT),
              "the module is not in memory that the caller may read"),
          failed(
              f -> f.loads() && f.is(Errno.EFAULT),
              "the parameters are not in memory that the caller may read"),
          failed(f -> f.is(Errno.ENOMEM), "the kernel had no memory for it"),
          failed(
              f -> f.loads() && f.is(Errno.EINTR),
              "a signal interrupted it while it waited for another load"),
          // All errors that the table has no row for.
          refused(
              f -> isRefusal(f.returnValue()),
              f -> "the kernel refused it with " + name(f.returnValue())),
          failed(f -> true, f -> "the kernel answered " + name(f.returnValue())));

  private Reasons() {}

  /** Returns the explanation from the first row that fits. */
  static Verdict of(Facts facts) {
    for (Row row : ROWS) {
      if (row.fits().test(facts)) {
        return new Verdict(row.outcome(), row.words().apply(facts));
      }
    }
    throw new IllegalStateException("the last row fits everything");
  }

  private static boolean isRefusal(long returnValue) {
    return Errno.ofReturnValue(returnValue).filter(Errno::isRefusal).isPresent();
  }

  /**
   * Returns the meaning of EKEYREJECTED. The kernel returns it for a signature that does not fit
   * the module. If it requires a signature, it also returns it for a missing signature or a missing
   * key.
   */
  private static String rejectedKey(@Nullable String signatureStatus) {
    return switch (signatureStatus) {
      case "unsigned" -> "the module has no signature, and the kernel demands one";
      case "invalid" ->
          "the signature does not fit the module, or is of a form or by a key that kernels refuse";
      case "unknown key" ->
          "the kernel does not have the signature's key, or the signature does not fit the module"
              + " or is of a form that kernels refuse";
      case null, default ->
          "the signature is missing, the kernel does not have its key, or it is wrong; which is not"
              + " known";
    };
  }

  /** Returns the name of an error, for example {@code ENODEV (No such device)}. */
  static String name(long returnValue) {
    return Errno.ofReturnValue(returnValue)
        .map(errno -> errno.name() + " (" + errno.text() + ")")
        .orElse("error " + -returnValue);
  }

  /** Returns the reason for an attempt that a security hook refused. */
  static String ofHook(@Nullable String hook, long returnValue) {
    return "a security module said no: " + hook + " " + name(returnValue);
  }

  private static Row refused(Predicate<Facts> fits, String words) {
    return new Row(LoadRecord.Outcome.REFUSED, fits, f -> words);
  }

  private static Row refused(Predicate<Facts> fits, Function<Facts, String> words) {
    return new Row(LoadRecord.Outcome.REFUSED, fits, words);
  }

  private static Row failed(Predicate<Facts> fits, String words) {
    return new Row(LoadRecord.Outcome.FAILED, fits, f -> words);
  }

  private static Row failed(Predicate<Facts> fits, Function<Facts, String> words) {
    return new Row(LoadRecord.Outcome.FAILED, fits, words);
  }
}
