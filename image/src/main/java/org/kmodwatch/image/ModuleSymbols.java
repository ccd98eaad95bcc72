package org.kmodwatch.image;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The symbols that a module needs from the kernel and from other modules, and the symbols that it
 * offers.
 *
 * @param imports the undefined symbols of its symbol table
 * @param exports the symbols of EXPORT_SYMBOL and its variants
 */
public record ModuleSymbols(List<Import> imports, List<Export> exports) {

  private static final int SHN_UNDEF = 0;
  private static final int SHN_XINDEX = 0xffff;
  private static final String KSYMTAB = "__ksymtab_";

  /** The size that struct modversion_info has (include/linux/module.h): a long and a name. */
  private static final int VERSION_BYTES = 64;

  /** Copies the lists. */
  public ModuleSymbols {
    imports = List.copyOf(imports);
    exports = List.copyOf(exports);
  }

  /**
   * A symbol that the module needs.
   *
   * @param name its name
   * @param crc checksum of the interface that the module was built against, unsigned 32-bit; null
   *     if the module does not have it
   */
  public record Import(String name, @Nullable Long crc) {}

  /**
   * A symbol that other modules may use.
   *
   * @param name its name
   * @param gplOnly whether only modules under the GPL may use it
   */
  public record Export(String name, boolean gplOnly) {}

  static ModuleSymbols read(ElfFile elf, ModuleImageLimits limits) {
    Optional<ElfFile.Section> table = elf.sectionOfType(ElfFile.SHT_SYMTAB);
    if (table.isEmpty()) {
      return new ModuleSymbols(List.of(), List.of());
    }
    return new Reader(elf, limits).read(table.get());
  }

  private static final class Reader {
    private final ElfFile elf;
    private final ModuleImageLimits limits;
    private long nameBytes;

    Reader(ElfFile elf, ModuleImageLimits limits) {
      this.elf = elf;
      this.limits = limits;
    }

    ModuleSymbols read(ElfFile.Section table) {
      HostileBytes symbols = elf.contents(table);
      HostileBytes names =
          elf.section(table.link())
              .map(elf::contents)
              .orElseThrow(
                  () ->
                      new ModuleImageException(
                          "the symbol table has no names: link=" + table.link(), table.at()));
      int entry = elf.wide() ? 24 : 16;
      int count = symbols.size() / entry;
      if (count > limits.maxSymbols()) {
        throw new ModuleImageException(
            "more symbols than are allowed: count=%d, limit=%d"
                .formatted(count, limits.maxSymbols()),
            table.offset());
      }
      Map<String, Long> versions = versions();
      var imports = new ArrayList<Import>();
      var exports = new ArrayList<Export>();
      // The first symbol is empty.
      for (int i = 1; i < count; i++) {
        long at = (long) i * entry;
        long nameAt = symbols.u32(at, "a symbol");
        int section = symbols.u16(at + (elf.wide() ? 6 : 14), "a symbol");
        if (section == SHN_UNDEF) {
          String name = name(names, nameAt);
          if (!name.isEmpty()) {
            imports.add(new Import(name, versions.get(name)));
          }
        } else if (section != SHN_XINDEX && isExport(names, nameAt)) {
          String name = name(names, nameAt + KSYMTAB.length());
          Optional<ElfFile.Section> in = elf.section(section);
          in.filter(s -> s.name().startsWith("__ksymtab"))
              .ifPresent(s -> exports.add(new Export(name, s.name().contains("_gpl"))));
        }
      }
      return new ModuleSymbols(imports, exports);
    }

    private static boolean isExport(HostileBytes names, long nameAt) {
      if (nameAt > names.size() - KSYMTAB.length()) {
        return false;
      }
      for (int i = 0; i < KSYMTAB.length(); i++) {
        if (names.u8(nameAt + i, "a symbol's name") != KSYMTAB.charAt(i)) {
          return false;
        }
      }
      return true;
    }

    private String name(HostileBytes names, long at) {
      String name = names.string(at, ModuleImageLimits.MAX_SYMBOL_NAME_BYTES, "a symbol's name");
      nameBytes += name.length();
      if (nameBytes > limits.maxSymbolBytes()) {
        throw names.wrong(
            "the names of symbols are longer together than is allowed: limit="
                + limits.maxSymbolBytes(),
            at);
      }
      return name;
    }

    /**
     * Returns the versions of CONFIG_MODVERSIONS, in the form up to 6.13 and in the additional form
     * since then.
     */
    private Map<String, Long> versions() {
      var versions = new HashMap<String, Long>();
      elf.section("__versions").map(elf::contents).ifPresent(section -> basic(section, versions));
      Optional<HostileBytes> crcs = elf.section("__version_ext_crcs").map(elf::contents);
      Optional<HostileBytes> names = elf.section("__version_ext_names").map(elf::contents);
      if (crcs.isPresent() && names.isPresent()) {
        extended(crcs.get(), names.get(), versions);
      }
      return versions;
    }

    private void basic(HostileBytes section, Map<String, Long> versions) {
      int crcBytes = elf.wide() ? 8 : 4;
      for (int at = 0; at + VERSION_BYTES <= section.size(); at += VERSION_BYTES) {
        // The checksum is the lower half of a long.
        int low = elf.wide() && elf.order() == ByteOrder.BIG_ENDIAN ? 4 : 0;
        long crc = section.u32(at + low, "a symbol's version");
        int start = at + crcBytes;
        int end = Math.min(section.endOfString(start), at + VERSION_BYTES);
        put(versions, section, start, end, crc);
      }
    }

    private void extended(HostileBytes crcs, HostileBytes names, Map<String, Long> versions) {
      int start = 0;
      for (int at = 0; at + 4 <= crcs.size() && start < names.size(); at += 4) {
        int end = names.endOfString(start);
        if (end - start > ModuleImageLimits.MAX_SYMBOL_NAME_BYTES) {
          throw names.wrong(
              "longer than is allowed: a symbol's name, limit="
                  + ModuleImageLimits.MAX_SYMBOL_NAME_BYTES,
              start);
        }
        put(versions, names, start, end, crcs.u32(at, "a symbol's version"));
        start = end + 1;
      }
    }

    private void put(Map<String, Long> versions, HostileBytes names, int start, int end, long crc) {
      if (versions.size() >= limits.maxSymbols()) {
        throw names.wrong(
            "more versions of symbols than are allowed: limit=" + limits.maxSymbols(), start);
      }
      versions.put(names.text(start, end), crc);
    }
  }
}
