package org.kmodwatch.core.audit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes records of their fields. */
public final class AuditRecords {

  private static final long MAX_UNSIGNED_32 = 0xffff_ffffL;

  /** MAX_PROCTITLE_AUDIT_LEN of kernel/auditsc.c; a trailing NUL is taken off. */
  private static final int CUT_TITLE_BYTES = 127;

  /** What the kernel names a module by whose name it has not read. */
  private static final String NO_NAME = "?";

  private AuditRecords() {}

  /**
   * Whether a SYSCALL record is certainly of a call that has nothing to do with modules.
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

  /** Whether a call of this number is one on modules on any architecture that is known. */
  public static boolean mayBeOfModules(String number) {
    return !isNumber(number) || Calls.isNumberAnywhere(Long.parseLong(number));
  }

  /** What a record itself says that the call is; null if it has but a number. */
  private static @Nullable String name(@Nullable String number, @Nullable String translated) {
    // auditd writes "unknown-syscall(NUMBER)" of what it does not know.
    if (translated != null && !translated.startsWith("unknown")) {
      return translated;
    }
    return number == null || isNumber(number) ? null : number;
  }

  /**
   * A SYSCALL record that {@linkplain #isOfNoUse may be of use}.
   *
   * @throws AuditException if a field that it needs is missing or no number
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

  /** Old kernels and some tools write "never set" as -1. */
  private static @Nullable Long unset(AuditFields in, String key) {
    Long number = in.number(key, -1, MAX_UNSIGNED_32);
    return number != null && number == -1 ? Long.valueOf(MAX_UNSIGNED_32) : number;
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty()
        && text.length() <= 10
        && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** A KERN_MODULE record. */
  public static AuditRecord.Module module(AuditId id, AuditFields in) {
    String name = in.text("name");
    return new AuditRecord.Module(id, name == null || name.equals(NO_NAME) ? null : name);
  }

  /** A CWD record. */
  public static AuditRecord.WorkingDirectory workingDirectory(AuditId id, AuditFields in) {
    return new AuditRecord.WorkingDirectory(id, in.text("cwd"));
  }

  /** A PROCTITLE record. */
  static AuditRecord.Title title(AuditId id, AuditFields in) {
    String title = in.text("proctitle");
    return title(id, title == null ? List.of() : Arrays.asList(title.split("\0", -1)));
  }

  /** A PROCTITLE record whose arguments somebody has taken apart. */
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
