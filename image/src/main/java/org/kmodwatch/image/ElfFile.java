package org.kmodwatch.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the sections of a relocatable ELF file of either class and byte order (System V ABI,
 * chapter 4). Offsets and sizes are checked when a section is read.
 */
final class ElfFile {

  static final int SHT_SYMTAB = 2;
  static final int SHT_NOBITS = 8;

  private static final int CLASS_32 = 1;
  private static final int CLASS_64 = 2;
  private static final int LITTLE_ENDIAN = 1;
  private static final int BIG_ENDIAN = 2;
  private static final int ET_REL = 1;
  private static final int SHN_LORESERVE = 0xff00;
  private static final int SHN_XINDEX = 0xffff;

  /** The largest number of sections. The kernel keeps the section numbers of symbols in 16 bits. */
  private static final int MAX_SECTIONS = 0xffff;

  private static final int MAX_SECTION_NAME_BYTES = 256;

  private final HostileBytes bytes;
  private final boolean wide;
  private final ByteOrder order;
  private final int machine;
  private final List<Section> sections;

  private ElfFile(
      HostileBytes bytes, boolean wide, ByteOrder order, int machine, List<Section> sections) {
    this.bytes = bytes;
    this.wide = wide;
    this.order = order;
    this.machine = machine;
    this.sections = sections;
  }

  /**
   * Holds a section header.
   *
   * @param at offset of the header
   */
  record Section(
      String name, long type, long offset, long size, long link, long entrySize, long at) {}

  static ElfFile read(ByteBuffer module) {
    var ident = new HostileBytes(module, ByteOrder.BIG_ENDIAN);
    if (ident.size() < 4 || ident.u32(0, "the magic number") != 0x7f454c46L) {
      throw new ModuleImageException("not an ELF file", 0);
    }
    int elfClass = ident.u8(4, "the ELF class");
    if (elfClass != CLASS_32 && elfClass != CLASS_64) {
      throw new ModuleImageException("no such ELF class: class=" + elfClass, 4);
    }
    int encoding = ident.u8(5, "the byte order");
    if (encoding != LITTLE_ENDIAN && encoding != BIG_ENDIAN) {
      throw new ModuleImageException("no such byte order: data=" + encoding, 5);
    }
    ByteOrder order = encoding == BIG_ENDIAN ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    boolean wide = elfClass == CLASS_64;
    var bytes = new HostileBytes(module, order);
    int type = bytes.u16(16, "the file type");
    if (type != ET_REL) {
      throw new ModuleImageException("not a relocatable file, as modules are: type=" + type, 16);
    }
    int machine = bytes.u16(18, "the machine");
    long sectionsAt = wide ? bytes.u64(40, HEADER) : bytes.u32(32, HEADER);
    int entrySize = bytes.u16(wide ? 58 : 46, HEADER);
    long count = bytes.u16(wide ? 60 : 48, HEADER);
    long names = bytes.u16(wide ? 62 : 50, HEADER);
    int expected = wide ? 64 : 40;
    if (sectionsAt == 0) {
      throw new ModuleImageException("there are no sections", wide ? 40 : 32);
    }
    if (entrySize != expected) {
      throw new ModuleImageException(
          "section headers are not %d bytes long: shentsize=%d".formatted(expected, entrySize),
          wide ? 58 : 46);
    }
    var elf = new ElfFile(bytes, wide, order, machine, new ArrayList<>());
    // A number that does not fit is in the first section's header.
    if (count == 0) {
      count = elf.header(sectionsAt, 0).size();
    }
    if (names == SHN_XINDEX) {
      names = elf.header(sectionsAt, 0).link();
    }
    if (count <= 0 || count > MAX_SECTIONS) {
      throw new ModuleImageException(
          "so many sections are not possible: shnum=" + Long.toUnsignedString(count),
          wide ? 60 : 48);
    }
    if (names < 0 || names >= count) {
      throw new ModuleImageException(
          "the section of the names is none of the sections: shstrndx=" + names, wide ? 62 : 50);
    }
    elf.readSections(sectionsAt, (int) count, (int) names);
    return elf;
  }

  private static final String HEADER = "the ELF header";

  boolean wide() {
    return wide;
  }

  ByteOrder order() {
    return order;
  }

  /** Returns e_machine. */
  int machine() {
    return machine;
  }

  Optional<Section> section(String name) {
    return sections.stream().filter(s -> s.name().equals(name)).findFirst();
  }

  Optional<Section> sectionOfType(long type) {
    return sections.stream().filter(s -> s.type() == type).findFirst();
  }

  List<Section> sections() {
    return sections;
  }

  /** Returns the section of that number; empty for the reserved numbers. */
  Optional<Section> section(long index) {
    return index > 0 && index < sections.size() && index < SHN_LORESERVE
        ? Optional.of(sections.get((int) index))
        : Optional.empty();
  }

  /** Returns the contents of a section. */
  HostileBytes contents(Section section) {
    return section.type() == SHT_NOBITS
        ? bytes.slice(0, 0, section.name())
        : bytes.slice(section.offset(), section.size(), "section " + shown(section.name()));
  }

  private void readSections(long at, int count, int names) {
    var raw = new ArrayList<Section>(Math.min(count, 1024));
    var nameOffsets = new ArrayList<Long>(Math.min(count, 1024));
    // Check that the headers exist before memory is allocated for each section.
    bytes.slice(at, (long) count * (wide ? 64 : 40), "the section headers");
    for (int i = 0; i < count; i++) {
      Section section = header(at, i);
      raw.add(section);
      nameOffsets.add(bytes.u32(section.at(), "a section header"));
    }
    HostileBytes strings = contents(raw.get(names));
    for (int i = 0; i < count; i++) {
      Section s = raw.get(i);
      String name =
          strings.size() == 0
              ? ""
              : strings.string(nameOffsets.get(i), MAX_SECTION_NAME_BYTES, "a section's name");
      sections.add(
          new Section(name, s.type(), s.offset(), s.size(), s.link(), s.entrySize(), s.at()));
    }
  }

  private Section header(long sectionsAt, int index) {
    String what = "a section header";
    long at = sectionsAt + (long) index * (wide ? 64 : 40);
    return wide
        ? new Section(
            "",
            bytes.u32(at + 4, what),
            bytes.u64(at + 24, what),
            bytes.u64(at + 32, what),
            bytes.u32(at + 40, what),
            bytes.u64(at + 56, what),
            at)
        : new Section(
            "",
            bytes.u32(at + 4, what),
            bytes.u32(at + 16, what),
            bytes.u32(at + 20, what),
            bytes.u32(at + 24, what),
            bytes.u32(at + 36, what),
            at);
  }

  static String shown(String name) {
    String printable = name.replaceAll("\\p{Cntrl}", "?");
    return printable.length() <= 64 ? printable : printable.substring(0, 64) + "…";
  }
}
