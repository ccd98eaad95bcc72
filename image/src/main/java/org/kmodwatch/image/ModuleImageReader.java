package org.kmodwatch.image;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Reads module files and images. */
public final class ModuleImageReader {

  private static final int NT_GNU_BUILD_ID = 3;

  /** The largest size that a build id may have: 512 bits. */
  private static final int MAX_BUILD_ID_BYTES = 64;

  /** The size that a module name may have: MODULE_NAME_LEN, which is 64 - sizeof(long). */
  private static final int MAX_NAME_BYTES = 64;

  private ModuleImageReader() {}

  /**
   * Reads a module with {@link ModuleImageLimits#DEFAULT}.
   *
   * @param bytes the file from position to limit; position and limit do not change
   * @throws ModuleImageException if the bytes are not a module, are damaged, or exceed a limit
   */
  public static ModuleImage read(ByteBuffer bytes) {
    return read(bytes, ModuleImageLimits.DEFAULT);
  }

  /**
   * Reads a module.
   *
   * @param bytes the file from position to limit; position and limit do not change
   * @throws ModuleImageException if the bytes are not a module, are damaged, or exceed a limit
   */
  public static ModuleImage read(ByteBuffer bytes, ModuleImageLimits limits) {
    return read(bytes, limits, System::nanoTime);
  }

  /**
   * Reads a module.
   *
   * @param bytes the file from position to limit; position and limit do not change
   * @param nanoClock a monotonic clock, in nanoseconds
   * @throws ModuleImageException if the bytes are not a module, are damaged, or exceed a limit
   */
  public static ModuleImage read(
      ByteBuffer bytes, ModuleImageLimits limits, LongSupplier nanoClock) {
    if (bytes.remaining() > limits.maxImageBytes()) {
      throw new ModuleImageException(
          "the module is larger than is allowed: size=%d, limit=%d"
              .formatted(bytes.remaining(), limits.maxImageBytes()),
          0);
    }
    Compression compression = Compression.of(bytes);
    ByteBuffer module = compression.decompress(bytes, limits, nanoClock).asReadOnlyBuffer();
    int before = AppendedSignature.bytesBefore(module);
    AppendedSignature signature = AppendedSignature.read(module, before);
    ElfFile elf = elf(module, before, signature);
    ModuleInfo info =
        elf.section(".modinfo").map(section -> info(elf, section, limits)).orElse(ModuleInfo.NONE);
    return new ModuleImage(
        compression,
        module,
        elf.wide() ? 64 : 32,
        elf.order(),
        elf.machine(),
        info,
        builtName(elf),
        ModuleSymbols.read(elf, limits),
        buildId(elf),
        signature);
  }

  /**
   * Reads the file that a kernel reads. The kernel checks the trailer before it cuts off a
   * signature. If it refuses the trailer, it cuts off only the magic string (module_sig_check and
   * mod_verify_sig). Wrong lengths hide no module in either case: the kernel refuses a signature
   * that begins inside the module.
   */
  private static ElfFile elf(ByteBuffer module, int before, @Nullable AppendedSignature signature) {
    if (signature == null) {
      return ElfFile.read(module);
    }
    ByteBuffer withTrailer = module.slice(0, AppendedSignature.bytesBeforeMagic(module));
    if (signature.refusal() != null) {
      return ElfFile.read(withTrailer);
    }
    try {
      return ElfFile.read(module.slice(0, before));
    } catch (ModuleImageException cut) {
      return ElfFile.read(withTrailer);
    }
  }

  private static ModuleInfo info(ElfFile elf, ElfFile.Section section, ModuleImageLimits limits) {
    if (section.size() > limits.maxModinfoBytes()) {
      throw new ModuleImageException(
          ".modinfo is larger than is allowed: size=%s, limit=%d"
              .formatted(Long.toUnsignedString(section.size()), limits.maxModinfoBytes()),
          section.offset());
    }
    return ModuleInfo.read(elf.contents(section));
  }

  /**
   * Returns the name in the struct module that the build made. In every kernel so far it follows an
   * enum and a list_head (include/linux/module.h). Returns null if it is not a valid module name.
   */
  private static @Nullable String builtName(ElfFile elf) {
    Optional<ElfFile.Section> section = elf.section(".gnu.linkonce.this_module");
    if (section.isEmpty()) {
      return null;
    }
    HostileBytes module = elf.contents(section.get());
    int at = elf.wide() ? 24 : 12;
    if (module.size() < at + MAX_NAME_BYTES) {
      return null;
    }
    String name = module.text(at, Math.min(module.endOfString(at), at + MAX_NAME_BYTES));
    return name.matches("[\\w.+-]{1,63}") ? name : null;
  }

  private static @Nullable String buildId(ElfFile elf) {
    Optional<ElfFile.Section> section = elf.section(".note.gnu.build-id");
    if (section.isEmpty()) {
      return null;
    }
    String what = "the build id";
    HostileBytes note = elf.contents(section.get());
    if (note.size() == 0) {
      return null;
    }
    long nameBytes = note.u32(0, what);
    long idBytes = note.u32(4, what);
    if (nameBytes != 4 || note.u32(8, what) != NT_GNU_BUILD_ID || idBytes > MAX_BUILD_ID_BYTES) {
      return null;
    }
    return HexFormat.of().formatHex(note.slice(16, idBytes, what).copy());
  }
}
