package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Converts the kernel's bit numbers to names. */
final class BitNames {

  /** The flag to load without a comparison of symbol versions. */
  static final long IGNORE_MODVERSIONS = 1;

  /** The flag to load a module built for any kernel. */
  static final long IGNORE_VERMAGIC = 2;

  /** The flag that the file is compressed. */
  static final long COMPRESSED_FILE = 4;

  private static final long LOAD_FLAGS = IGNORE_MODVERSIONS | IGNORE_VERMAGIC | COMPRESSED_FILE;

  /** The number that CAP_SYS_MODULE has in a capability set. */
  static final int CAP_SYS_MODULE = 16;

  private static final long O_TRUNC = 0x200;
  private static final long O_NONBLOCK = 0x800;

  /** The names that the capabilities have, by number (include/uapi/linux/capability.h). */
  private static final List<String> CAPABILITIES =
      List.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_DAC_READ_SEARCH",
          "CAP_FOWNER",
          "CAP_FSETID",
          "CAP_KILL",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETPCAP",
          "CAP_LINUX_IMMUTABLE",
          "CAP_NET_BIND_SERVICE",
          "CAP_NET_BROADCAST",
          "CAP_NET_ADMIN",
          "CAP_NET_RAW",
          "CAP_IPC_LOCK",
          "CAP_IPC_OWNER",
          "CAP_SYS_MODULE",
          "CAP_SYS_RAWIO",
          "CAP_SYS_CHROOT",
          "CAP_SYS_PTRACE",
          "CAP_SYS_PACCT",
          "CAP_SYS_ADMIN",
          "CAP_SYS_BOOT",
          "CAP_SYS_NICE",
          "CAP_SYS_RESOURCE",
          "CAP_SYS_TIME",
          "CAP_SYS_TTY_CONFIG",
          "CAP_MKNOD",
          "CAP_LEASE",
          "CAP_AUDIT_WRITE",
          "CAP_AUDIT_CONTROL",
          "CAP_SETFCAP",
          "CAP_MAC_OVERRIDE",
          "CAP_MAC_ADMIN",
          "CAP_SYSLOG",
          "CAP_WAKE_ALARM",
          "CAP_BLOCK_SUSPEND",
          "CAP_AUDIT_READ",
          "CAP_PERFMON",
          "CAP_BPF",
          "CAP_CHECKPOINT_RESTORE");

  /** The names that the taints have, by number (include/linux/panic.h). */
  private static final List<String> TAINTS =
      List.of(
          "PROPRIETARY",
          "FORCED",
          "CPU_OUT_OF_SPEC",
          "FORCED_RMMOD",
          "MACHINE_CHECK",
          "BAD_PAGE",
          "USER",
          "DIE",
          "OVERRIDDEN_ACPI_TABLE",
          "WARN",
          "STAGING",
          "FIRMWARE_WORKAROUND",
          "OUT_OF_TREE",
          "UNSIGNED",
          "SOFT_LOCKUP",
          "LIVEPATCH",
          "AUX",
          "RANDSTRUCT",
          "TEST",
          "FWCTL");

  private BitNames() {}

  /** Returns the names of the capabilities in a bit set; a bit without a name as {@code CAP_41}. */
  static List<String> capabilities(long set) {
    return ofBits(set, CAPABILITIES, "CAP_");
  }

  /** Returns the names of the taints in a bit set; a bit without a name as {@code TAINT_20}. */
  static List<String> taints(long set) {
    return ofBits(set, TAINTS, "TAINT_");
  }

  /** Returns the names of finit_module's flags; bits without a name as one hexadecimal number. */
  static List<String> loadFlags(long flags) {
    var names = new ArrayList<String>();
    add(names, flags, IGNORE_MODVERSIONS, "IGNORE_MODVERSIONS");
    add(names, flags, IGNORE_VERMAGIC, "IGNORE_VERMAGIC");
    add(names, flags, COMPRESSED_FILE, "COMPRESSED_FILE");
    return withRest(names, flags & ~LOAD_FLAGS);
  }

  /** Returns the names of delete_module's flags; bits without a name as one hexadecimal number. */
  static List<String> deleteFlags(long flags) {
    var names = new ArrayList<String>();
    add(names, flags, O_NONBLOCK, "O_NONBLOCK");
    add(names, flags, O_TRUNC, "O_TRUNC");
    return withRest(names, flags & ~(O_NONBLOCK | O_TRUNC));
  }

  /** Returns those of finit_module's flags that no kernel knows. */
  static long unknownLoadFlags(long flags) {
    return flags & 0xffff_ffffL & ~LOAD_FLAGS;
  }

  /** Returns {@code bits} as a hexadecimal number. */
  static String hex(long bits) {
    return String.format(Locale.ROOT, "0x%x", bits & 0xffff_ffffL);
  }

  private static List<String> ofBits(long set, List<String> names, String prefix) {
    var result = new ArrayList<String>();
    for (long left = set; left != 0; left &= left - 1) {
      int number = Long.numberOfTrailingZeros(left);
      result.add(number < names.size() ? names.get(number) : prefix + number);
    }
    return result;
  }

  private static void add(List<String> names, long flags, long flag, String name) {
    if ((flags & flag) != 0) {
      names.add(name);
    }
  }

  private static List<String> withRest(List<String> names, long rest) {
    if ((rest & 0xffff_ffffL) != 0) {
      names.add(hex(rest));
    }
    return names;
  }
}
