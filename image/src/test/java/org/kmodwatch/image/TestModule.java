package org.kmodwatch.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/**
 * Writes relocatable ELF files that look like modules, of either class and byte order (System V
 * ABI, chapter 4). Sections follow each other, and their headers are at the end.
 */
@NullMarked
final class TestModule {

  static final int SHT_PROGBITS = 1;
  static final int SHT_STRTAB = 3;
  static final int SHT_NOTE = 7;

  private final boolean wide;
  private final ByteOrder order;
  private int machine = 62;
  private final List<Section> sections = new ArrayList<>();
  private final ByteArrayOutputStream symbolNames = new ByteArrayOutputStream();
  private final List<Symbol> symbols = new ArrayList<>();

  private TestModule(boolean wide, ByteOrder order) {
    this.wide = wide;
    this.order = order;
    symbolNames.write(0);
  }

  private record Section(String name, int type, ByteBuffer content, int link) {
    int size() {
      return content.capacity();
    }
  }

  private record Symbol(int nameAt, int section) {}

  static TestModule of(boolean wide, ByteOrder order) {
    return new TestModule(wide, order);
  }

  /** Returns a 64-bit little-endian module with the usual content. */
  static TestModule ordinary() {
    return of(true, ByteOrder.LITTLE_ENDIAN)
        .modinfo(
            "license=GPL",
            "description=A module for tests",
            "author=Kmodwatch",
            "alias=pci:v00001234d*",
            "depends=one,two",
            "intree=Y",
            "name=ordinary",
            "vermagic=6.1.0-50-cloud-amd64 SMP preempt mod_unload modversions ",
            "parm=debug:How much to say",
            "parmtype=debug:int")
        .thisModule("ordinary")
        .buildId(new byte[] {0x01, (byte) 0xab, (byte) 0xff, 0x10})
        .imports("printk")
        .exports("__ksymtab_gpl", "ordinary_open");
  }

  TestModule machine(int newMachine) {
    machine = newMachine;
    return this;
  }

  TestModule section(String name, int type, byte[] content) {
    sections.add(new Section(name, type, ByteBuffer.wrap(content), 0));
    return this;
  }

  TestModule modinfo(String... entries) {
    return section(".modinfo", SHT_PROGBITS, strings(entries));
  }

  /** Adds struct module: an enum, a list_head, then the name. */
  TestModule thisModule(String name) {
    ByteBuffer module = buffer(1024);
    module.position(wide ? 24 : 12).put(name.getBytes(StandardCharsets.UTF_8));
    return section(".gnu.linkonce.this_module", SHT_PROGBITS, bytesOf(module));
  }

  TestModule buildId(byte[] id) {
    ByteBuffer note = buffer(16 + id.length);
    note.putInt(4).putInt(id.length).putInt(3).put(new byte[] {'G', 'N', 'U', 0}).put(id);
    return section(".note.gnu.build-id", SHT_NOTE, bytesOf(note));
  }

  TestModule imports(String... names) {
    for (String name : names) {
      symbols.add(new Symbol(symbolName(name), 0));
    }
    return this;
  }

  /** Adds symbols whose entries are in {@code section}. */
  TestModule exports(String section, String... names) {
    section(section, SHT_PROGBITS, new byte[16]);
    for (String name : names) {
      symbols.add(new Symbol(symbolName("__ksymtab_" + name), sections.size()));
    }
    return this;
  }

  /** Adds a struct modversion_info: a long and a name. */
  TestModule version(String name, long crc) {
    ByteBuffer entry = buffer(64);
    if (wide) {
      entry.putLong(crc);
    } else {
      entry.putInt((int) crc);
    }
    entry.put(name.getBytes(StandardCharsets.UTF_8));
    return section("__versions", SHT_PROGBITS, bytesOf(entry));
  }

  TestModule extendedVersion(String name, long crc) {
    section("__version_ext_crcs", SHT_PROGBITS, bytesOf(buffer(4).putInt((int) crc)));
    return section("__version_ext_names", SHT_PROGBITS, strings(name));
  }

  byte[] bytes() {
    var all = new ArrayList<Section>();
    all.add(new Section("", 0, ByteBuffer.allocate(0), 0));
    all.addAll(sections);
    all.add(
        new Section(".symtab", ElfFile.SHT_SYMTAB, ByteBuffer.wrap(symbolTable()), all.size() + 1));
    all.add(new Section(".strtab", SHT_STRTAB, ByteBuffer.wrap(symbolNames.toByteArray()), 0));
    var sectionNames = new ByteArrayOutputStream();
    var nameOffsets = new ArrayList<Integer>();
    var names = new ArrayList<String>();
    all.forEach(section -> names.add(section.name()));
    names.add(".shstrtab");
    for (String name : names) {
      nameOffsets.add(sectionNames.size());
      sectionNames.writeBytes(strings(name));
    }
    all.add(new Section(".shstrtab", SHT_STRTAB, ByteBuffer.wrap(sectionNames.toByteArray()), 0));

    int headerBytes = wide ? 64 : 52;
    int sectionBytes = wide ? 64 : 40;
    int contents = all.stream().mapToInt(Section::size).sum();
    int headersAt = headerBytes + contents;
    ByteBuffer out = buffer(headersAt + all.size() * sectionBytes);
    header(out, headersAt, all.size());
    var offsets = new ArrayList<Integer>();
    for (Section section : all) {
      offsets.add(out.position());
      out.put(section.content());
    }
    for (int i = 0; i < all.size(); i++) {
      Section section = all.get(i);
      out.putInt(nameOffsets.get(i)).putInt(section.type());
      word(out, 0);
      word(out, 0);
      word(out, i == 0 ? 0 : offsets.get(i));
      word(out, section.size());
      out.putInt(section.link()).putInt(0);
      word(out, 1);
      word(out, section.type() == ElfFile.SHT_SYMTAB ? (wide ? 24 : 16) : 0);
    }
    return bytesOf(out);
  }

  private void header(ByteBuffer out, int sectionsAt, int count) {
    out.put(new byte[] {0x7f, 'E', 'L', 'F'});
    out.put((byte) (wide ? 2 : 1)).put((byte) (order == ByteOrder.LITTLE_ENDIAN ? 1 : 2));
    out.put((byte) 1).position(16);
    out.putShort((short) 1).putShort((short) machine).putInt(1);
    word(out, 0);
    word(out, 0);
    word(out, sectionsAt);
    out.putInt(0).putShort((short) (wide ? 64 : 52)).putShort((short) 0).putShort((short) 0);
    out.putShort((short) (wide ? 64 : 40)).putShort((short) count).putShort((short) (count - 1));
  }

  private byte[] symbolTable() {
    int entry = wide ? 24 : 16;
    ByteBuffer table = buffer((symbols.size() + 1) * entry);
    int at = entry;
    for (Symbol symbol : symbols) {
      table.putInt(at, symbol.nameAt());
      table.putShort(at + (wide ? 6 : 14), (short) symbol.section());
      at += entry;
    }
    return bytesOf(table);
  }

  private int symbolName(String name) {
    int at = symbolNames.size();
    symbolNames.writeBytes(strings(name));
    return at;
  }

  private void word(ByteBuffer out, long value) {
    if (wide) {
      out.putLong(value);
    } else {
      out.putInt((int) value);
    }
  }

  private ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(order);
  }

  private static byte[] bytesOf(ByteBuffer buffer) {
    var bytes = new byte[buffer.capacity()];
    buffer.get(0, bytes);
    return bytes;
  }

  /** Returns the texts, each followed by NUL. */
  static byte[] strings(String... texts) {
    var out = new ByteArrayOutputStream();
    for (String text : texts) {
      out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
      out.write(0);
    }
    return out.toByteArray();
  }
}
