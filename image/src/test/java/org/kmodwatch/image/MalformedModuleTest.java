package org.kmodwatch.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Tests the messages, with their offsets, about modules that are damaged or malicious. */
@NullMarked
class MalformedModuleTest {

  private static final byte[] MODULE = TestModule.ordinary().bytes();

  private static final ModuleImageLimits LIMITS =
      new ModuleImageLimits(1 << 20, 1 << 20, 10, 2, 9 << 20, Duration.ofSeconds(10), 100, 3, 20);

  @Test
  void nothing() {
    assertRefused(new byte[0], "not an ELF file: offset=0x0");
  }

  @Test
  void text() {
    assertRefused("#!/bin/sh\n".getBytes(StandardCharsets.UTF_8), "not an ELF file: offset=0x0");
  }

  @Test
  void everyTruncationOfAModule() {
    for (int length = 0; length < MODULE.length; length++) {
      byte[] cut = Arrays.copyOf(MODULE, length);
      assertThatThrownBy(() -> read(cut))
          .isInstanceOf(ModuleImageException.class)
          .hasMessageContaining("offset=0x");
    }
  }

  @Test
  void otherClassesAndByteOrdersAndTypes() {
    assertRefused(patched(4, 3), "no such ELF class: class=3: offset=0x4");
    assertRefused(patched(5, 0), "no such byte order: data=0: offset=0x5");
    assertRefused(patched(16, 3), "not a relocatable file, as modules are: type=3: offset=0x10");
  }

  @Test
  void sectionHeadersThatAreNotThere() {
    assertRefused(patchedLong(40, 0), "there are no sections: offset=0x28");
    assertRefused(
        patchedLong(40, 0x1_0000),
        "past the end: the section headers, length=512, size=%d: offset=0x10000"
            .formatted(MODULE.length));
    assertRefused(
        patchedLong(40, -1),
        "past the end: the section headers, length=512, size=%d: offset=0xffffffffffffffff"
            .formatted(MODULE.length));
    assertRefused(
        patched(58, 63), "section headers are not 64 bytes long: shentsize=63: offset=0x3a");
    assertRefused(
        patched(62, 0x40),
        "the section of the names is none of the sections: shstrndx=64: offset=0x3e");
  }

  @Test
  void aNumberOfSectionsThatIsInTheFirstHeader() {
    byte[] module = patched(60, 0);
    int first = (int) ByteBuffer.wrap(MODULE).order(ByteOrder.LITTLE_ENDIAN).getLong(40);
    ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN).putLong(first + 32, Long.MIN_VALUE);

    assertRefused(
        module, "so many sections are not possible: shnum=9223372036854775808: offset=0x3c");
  }

  @Test
  void aSectionThatIsOutside() {
    byte[] module = MODULE.clone();
    int first = (int) ByteBuffer.wrap(MODULE).order(ByteOrder.LITTLE_ENDIAN).getLong(40);
    // The size of .modinfo, the first section after the empty one.
    ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN).putLong(first + 64 + 32, 1 << 20);

    assertRefused(
        module,
        "past the end: section .modinfo, length=1048576, size=%d: offset=0x40"
            .formatted(MODULE.length));
  }

  @Test
  void aNameThatIsNotThere() {
    byte[] module =
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN).modinfo("a=b").imports("printk").bytes();
    // The offset of the name comes after the header, four bytes of .modinfo, and the empty symbol.
    ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN).putInt(64 + 4 + 24, 99);

    // The names are eight bytes, after the two symbols.
    assertRefused(
        module,
        "past the end: a symbol's name, length=1, size=8: offset=0x%x"
            .formatted(64 + 4 + 2 * 24 + 99));
  }

  @Test
  void moreOfEverythingThanIsAllowed() {

    assertRefused(
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN).modinfo("a=" + "x".repeat(98)).bytes(),
        LIMITS,
        ".modinfo is larger than is allowed: size=101, limit=100: offset=0x40");
    assertThatThrownBy(
            () ->
                ModuleImageReader.read(
                    ByteBuffer.wrap(
                        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
                            .imports("a", "b", "c")
                            .bytes()),
                    LIMITS))
        .isInstanceOf(ModuleImageException.class)
        .hasMessageStartingWith("more symbols than are allowed: count=4, limit=3");
    assertThatThrownBy(
            () ->
                ModuleImageReader.read(
                    ByteBuffer.wrap(
                        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
                            .imports("a_name_of_20_letters", "b")
                            .bytes()),
                    LIMITS))
        .isInstanceOf(ModuleImageException.class)
        .hasMessageStartingWith(
            "the names of symbols are longer together than is allowed: limit=20");
    assertRefused(
        new byte[(1 << 20) + 1],
        LIMITS,
        "the module is larger than is allowed: size=1048577, limit=1048576: offset=0x0");
  }

  @Test
  void moreModinfoEntriesThanAreAllowed() {
    assertRefused(
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
            .section(
                ".modinfo",
                TestModule.SHT_PROGBITS,
                "a\0".repeat(50_001).getBytes(StandardCharsets.US_ASCII))
            .bytes(),
        ".modinfo has more entries than are allowed: limit=50000: offset=0x186e0");
  }

  @Test
  void aBombOfZeroes() throws Exception {
    var gzip = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(gzip)) {
      out.write(new byte[64 << 20]);
    }
    var xz = new ByteArrayOutputStream();
    try (var out = new XZOutputStream(xz, new LZMA2Options(0))) {
      out.write(new byte[64 << 20]);
    }

    assertRefused(
        gzip.toByteArray(),
        "the module is larger than is allowed once decompressed: limit=%d: offset=0x%x"
            .formatted(gzip.size() * 200L, gzip.size() * 200L));
    assertRefused(
        xz.toByteArray(),
        "the module is larger than is allowed once decompressed: limit=%d: offset=0x%x"
            .formatted(Math.max(1 << 20, xz.size() * 200L), Math.max(1 << 20, xz.size() * 200L)));
  }

  @Test
  void thousandsOfEmptyMembers() throws Exception {
    assertRefused(
        HostileSeeds.emptyGzipMembers(20_000),
        "the gzip data cannot be decompressed, gzip data has more parts than are allowed: limit=64:"
            + " offset=0x0");
    assertThat(read(HostileSeeds.emptyGzipMembers(63)).name()).isEqualTo("ordinary");
  }

  @Test
  void aFewBytesForManyBlocks() {
    byte[] runs = HostileSeeds.zstdRunLengths(3000);
    assertRefused(
        runs,
        "the zstd data cannot be decompressed, zstd data has a window of more than 8 MiB, and does"
            + " not fit into memory: limit=%d: offset=0x0".formatted(runs.length * 200));
    byte[] inASmallWindow = HostileSeeds.zstdRunLengths(3000, (byte) 0x68);
    assertRefused(
        inASmallWindow,
        "the module is larger than is allowed once decompressed: limit=%d: offset=0x%x"
            .formatted(inASmallWindow.length * 200, inASmallWindow.length * 200));
  }

  @Test
  void aDictionaryOfAGibibyte() throws Exception {
    assertRefused(
        HostileSeeds.xzWithDictionary(36),
        LIMITS,
        "the xz data cannot be decompressed, 1048680 KiB of memory would be needed; limit was 9216"
            + " KiB: offset=0x0");
  }

  @Test
  void aDictionaryOf128Mebibytes_isReadWithTheRoomThereIs() throws Exception {
    var limits =
        new ModuleImageLimits(
            64 << 20, 64 << 20, 10, 2, 9 << 20, Duration.ofSeconds(60), 1000, 300, 2000);
    byte[] claiming = HostileSeeds.xzWithDictionary(30);
    assertThat(ModuleImageReader.read(ByteBuffer.wrap(claiming), limits).name())
        .isEqualTo("ordinary");

    var far = new byte[20 << 20];
    new Random(1).nextBytes(far);
    System.arraycopy(far, 0, far, 16 << 20, 1 << 20);
    var xz = new ByteArrayOutputStream();
    var options = new LZMA2Options(0);
    options.setDictSize(32 << 20);
    try (var out = new XZOutputStream(xz, options)) {
      out.write(far);
    }

    assertThatThrownBy(() -> ModuleImageReader.read(ByteBuffer.wrap(xz.toByteArray()), limits))
        .isInstanceOf(ModuleImageException.class)
        .hasMessageStartingWith(
            "the xz data cannot be decompressed, it needs a larger dictionary than is allowed:"
                + " limit=8388608: offset=0x");
  }

  @Test
  void hundredsOfThousandsOfStreams() throws Exception {
    assertRefused(
        HostileSeeds.emptyXzStreams(200_000),
        "the xz data cannot be decompressed, it has more parts than are allowed: limit=64:"
            + " offset=0x0");
    assertThat(read(HostileSeeds.emptyXzStreams(63)).name()).isEqualTo("ordinary");
  }

  @Test
  void streamsWithPaddingBetween_andSomethingBehind() throws Exception {
    byte[] streams = HostileSeeds.emptyXzStreams(1);
    byte[] padded = Arrays.copyOf(streams, streams.length + 8);

    assertThat(read(padded).name()).isEqualTo("ordinary");
    padded[padded.length - 1] = 1;
    assertThatThrownBy(() -> read(padded))
        .isInstanceOf(ModuleImageException.class)
        .hasMessageStartingWith("the xz data cannot be decompressed, ");
  }

  @Test
  void whatTakesTooLong() throws Exception {
    var clock = new AtomicLong();

    for (String kind : new String[] {"gzip", "xz", "zstd"}) {
      byte[] compressed = Objects.requireNonNull(Seeds.made().get(kind));
      assertThatThrownBy(
              () ->
                  ModuleImageReader.read(
                      ByteBuffer.wrap(compressed),
                      LIMITS.withMaxDecompressing(Duration.ofMillis(20)),
                      () -> clock.addAndGet(15_000_000)))
          .isInstanceOf(ModuleImageException.class)
          .hasMessageStartingWith("decompression takes longer than is allowed: limit=20 ms: ");
    }
  }

  @Test
  void damagedCompression() throws Exception {
    for (String kind : new String[] {"gzip", "xz", "zstd"}) {
      byte[] compressed = Objects.requireNonNull(Seeds.made().get(kind));
      for (int length = 6; length < compressed.length; length += 7) {
        byte[] cut = Arrays.copyOf(compressed, length);
        assertThatThrownBy(() -> read(cut))
            .as("%s cut to %d bytes", kind, length)
            .isInstanceOf(ModuleImageException.class)
            .hasMessageStartingWith("the " + kind + " data cannot be decompressed, ");
      }
    }
  }

  @Test
  void saysWhereAsANumberToo() {
    ModuleImageException refused =
        catchThrowableOfType(ModuleImageException.class, () -> read(patched(58, 63)));

    assertThat(refused.offset()).isEqualTo(0x3a);
  }

  private static byte[] patched(int offset, int lowByte) {
    byte[] module = MODULE.clone();
    module[offset] = (byte) lowByte;
    return module;
  }

  private static byte[] patchedLong(int offset, long value) {
    byte[] module = MODULE.clone();
    ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, value);
    return module;
  }

  private static void assertRefused(byte[] module, String message) {
    assertRefused(module, ModuleImageLimits.DEFAULT, message);
  }

  private static void assertRefused(byte[] module, ModuleImageLimits limits, String message) {
    assertThatThrownBy(() -> ModuleImageReader.read(ByteBuffer.wrap(module), limits))
        .isInstanceOf(ModuleImageException.class)
        .hasMessage(message);
  }

  private static ModuleImage read(byte[] module) {
    return ModuleImageReader.read(ByteBuffer.wrap(module));
  }
}
