package org.kmodwatch.core.audit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Creates audit records from their fields. */
public final class AuditRecords {

  private static final long MAX_UNSIGNED_32 = 0xffff_ffffL;

  /** MAX_PROCTITLE_AUDIT_LEN of kernel/auditsc.c without the trailing NUL, which is removed. */
  private static final int CUT_TITLE_BYTES = 127;

  /** The name that the kernel writes for a module whose name it has not read. */
  private static final String NO_NAME = "?";

  private AuditRecords() {}

  /**
   * Returns whether a SYSCALL record is certainly of a call unrelated to modules.
   *
   * @param arch the architecture; null if the record lacks it
   * @param number the call's number, or its name; null if the record lacks it
   * @param translated the call's name by auditd or laurel; null if the record lacks it
   */
  public static boolean isOfNoUse(
      @Nullable String arch, @Nullable String number, @Nullable String translated) {
    String name = name(number, translated);
    if (name != null) {
      return !Calls.isName(name);
    }
    return arch != null
        && number != null
        && Calls.knows(arch)
        && Calls.name(arch, Long.parseLong(number)) == null;
  }

  /** Returns whether a call of this number is a module call on any known architecture. */
  public static boolean mayBeOfModules(String number) {
    return !isNumber(number) || Calls.isNumberAnywhere(Long.parseLong(number));
  }

  /** Returns the name that the record itself has for the call; null if it has only a number. */
  private static @Nullable String name(@Nullable String number, @Nullable String translated) {
    // auditd writes "unknown-syscall(NUMBER)" for a call that it does not know.
    if (translated != null && !translated.startsWith("unknown")) {
      return translated;
    }
    return number == null || isNumber(number) ? null : number;
  }

  /**
   * Creates a SYSCALL record for which {@link #isOfNoUse} returned false.
   *
   * @throws AuditException if a required field is missing or is not a number
   */
  public static AuditRecord.Call call(AuditId id, AuditFields in) {
    String arch = in.word("arch");
    if (arch == null) {
      arch = in.word("ARCH");
    }
    String number = in.word("syscall");
    String name = name(number, in.word("SYSCALL"));
    if (name == null) {
      if (arch == null || number == null) {
        throw new AuditException(
            "a SYSCALL record without %s".formatted(arch == null ? "arch" : "syscall"));
      }
      name = Calls.name(arch, Long.parseLong(number));
    }
    var arguments = new ArrayList<@Nullable Long>();
    for (String key : List.of("a0", "a1", "a2", "a3")) {
      arguments.add(in.hex(key));
    }
    Long parent = in.number("ppid", 0, Integer.MAX_VALUE);
    String comm = in.text("comm");
    return new AuditRecord.Call(
        id,
        name,
        name == null ? "arch=%s syscall=%s".formatted(arch, number) : "",
        arch != null && Calls.isCompat(arch),
        in.number("exit", Long.MIN_VALUE, Long.MAX_VALUE),
        arguments,
        (int) in.required("pid", 1, Integer.MAX_VALUE),
        parent == null ? null : parent.intValue(),
        in.required("uid", 0, MAX_UNSIGNED_32),
        in.number("euid", 0, MAX_UNSIGNED_32),
        unset(in, "auid"),
        unset(in, "ses"),
        comm == null ? "" : comm,
        in.text("exe"));
  }

  /** Returns a field that may be "never set". Old kernels and some tools write that as -1. */
  private static @Nullable Long unset(AuditFields in, String key) {
    Long number = in.number(key, -1, MAX_UNSIGNED_32);
    return number != null && number == -1 ? Long.valueOf(MAX_UNSIGNED_32) : number;
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty()
        && text.length() <= 10
        && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** Creates a KERN_MODULE record. */
  public static AuditRecord.Module module(AuditId id, AuditFields in) {
    String name = in.text("name");
    return new AuditRecord.Module(id, name == null || name.equals(NO_NAME) ? null : name);
  }

  /** Creates a CWD record. */
  public static AuditRecord.WorkingDirectory workingDirectory(AuditId id, AuditFields in) {
    return new AuditRecord.WorkingDirectory(id, in.text("cwd"));
  }

  /** Creates a PROCTITLE record. */
  static AuditRecord.Title title(AuditId id, AuditFields in) {
    String title = in.text("proctitle");
    return title(id, title == null ? List.of() : Arrays.asList(title.split("\0", -1)));
  }

  /** Creates a PROCTITLE record from arguments that are already split. */
  public static AuditRecord.Title title(AuditId id, List<String> arguments) {
    int bytes = arguments.size() - 1;
    for (String argument : arguments) {
      bytes += argument.codePoints().map(AuditRecords::lengthInUtf8).sum();
    }
    return new AuditRecord.Title(id, arguments, bytes >= CUT_TITLE_BYTES);
  }

  private static int lengthInUtf8(int codePoint) {
    // An unpaired surrogate stands for one byte.
    if (codePoint < 0x80 || (codePoint >= 0xD800 && codePoint <= 0xDFFF)) {
      return 1;
    }
    return codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }
}
