package org.kmodwatch.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What a module file says of itself.
 *
 * @param compression how the bytes that were read are compressed
 * @param module the module without that, to read: what the kernel loads, signature included
 * @param elfClass 32 or 64
 * @param byteOrder of its numbers
 * @param machine e_machine, for example 62 for x86-64
 * @param info {@code .modinfo}
 * @param builtName the name in {@code .gnu.linkonce.this_module}, which is what the kernel calls it
 *     by; null if there is none
 * @param symbols what it takes and gives
 * @param buildId of {@code .note.gnu.build-id}, hexadecimal in lower case; null if it has none
 * @param signature what is appended; null if nothing is
 */
public record ModuleImage(
    Compression compression,
    ByteBuffer module,
    int elfClass,
    ByteOrder byteOrder,
    int machine,
    ModuleInfo info,
    @Nullable String builtName,
    ModuleSymbols symbols,
    @Nullable String buildId,
    @Nullable AppendedSignature signature) {

  /** What the kernel calls it: the built-in name, or what {@code .modinfo} says. */
  public @Nullable String name() {
    return builtName != null ? builtName : info.first("name").orElse(null);
  }

  /** The machine by the name that uname has for it; {@code machine N} where none is known here. */
  public String machineName() {
    return switch (machine) {
      case 3 -> "i686";
      case 8 -> elfClass == 64 ? "mips64" : "mips";
      case 20 -> "ppc";
      case 21 -> byteOrder == ByteOrder.LITTLE_ENDIAN ? "ppc64le" : "ppc64";
      case 22 -> "s390x";
      case 40 -> "arm";
      case 62 -> "x86_64";
      case 183 -> "aarch64";
      case 243 -> "riscv" + elfClass;
      case 258 -> "loongarch" + elfClass;
      default -> "machine " + machine;
    };
  }
}
