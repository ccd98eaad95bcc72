package org.kmodwatch.core.audit;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.EventNames;

/**
 * The numbers that the module system calls have on each architecture (include/uapi/linux/audit.h
 * and each architecture's system call table).
 */
final class Calls {

  /** The bit that x86-64 sets in the numbers of x32 calls. */
  private static final long X32 = 0x4000_0000L;

  /**
   * Holds the module calls' numbers in a table of system calls.
   *
   * @param compat whether this is the 32-bit table of a 64-bit kernel. A table that is also native
   *     on other machines counts as the 64-bit kernel's
   */
  private record Table(long init, long finit, long delete, boolean compat) {}

  private static final Table ASM_GENERIC = new Table(105, 273, 106, false);

  private static final Map<String, Table> TABLES =
      Map.ofEntries(
          Map.entry("c000003e", new Table(175, 313, 176, false)),
          Map.entry("x86_64", new Table(175, 313, 176, false)),
          Map.entry("40000003", new Table(128, 350, 129, true)),
          Map.entry("i386", new Table(128, 350, 129, true)),
          Map.entry("c00000b7", ASM_GENERIC),
          Map.entry("aarch64", ASM_GENERIC),
          Map.entry("40000028", new Table(128, 379, 129, true)),
          Map.entry("arm", new Table(128, 379, 129, true)),
          Map.entry("c00000f3", ASM_GENERIC),
          Map.entry("riscv64", ASM_GENERIC),
          Map.entry("c0000015", new Table(128, 353, 129, false)),
          Map.entry("ppc64le", new Table(128, 353, 129, false)),
          Map.entry("80000016", new Table(128, 344, 129, false)),
          Map.entry("s390x", new Table(128, 344, 129, false)));

  private static final Set<String> NAMES =
      Set.of(EventNames.INIT_MODULE, EventNames.FINIT_MODULE, EventNames.DELETE_MODULE);

  private Calls() {}

  /** Returns whether this is the name of a module call. */
  static boolean isName(String name) {
    return NAMES.contains(name);
  }

  /** Returns whether {@code number} is a module call in any table. */
  static boolean isNumberAnywhere(long number) {
    return TABLES.keySet().stream().anyMatch(arch -> name(arch, number) != null);
  }

  /** Returns whether the table of {@code arch} is known. */
  static boolean knows(String arch) {
    return TABLES.containsKey(key(arch));
  }

  /** Returns the name of a module call; null if it is another call, or the table is not known. */
  static @Nullable String name(String arch, long number) {
    Table table = TABLES.get(key(arch));
    if (table == null) {
      return null;
    }
    long plain = table.init == 175 ? number & ~X32 : number;
    if (plain == table.init) {
      return EventNames.INIT_MODULE;
    }
    if (plain == table.finit) {
      return EventNames.FINIT_MODULE;
    }
    return plain == table.delete ? EventNames.DELETE_MODULE : null;
  }

  static boolean isCompat(String arch) {
    Table table = TABLES.get(key(arch));
    return table != null && table.compat;
  }

  /** Returns the key of an architecture. Laurel writes it with a prefix, as {@code 0xc000003e}. */
  private static String key(String arch) {
    return arch.startsWith("0x") ? arch.substring(2) : arch;
  }
}
