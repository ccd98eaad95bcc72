package org.kmodwatch.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

@NullMarked
class ModuleImageReaderTest {

  @Test
  void readsWhatAModuleSaysOfItself() {
    ModuleImage image = read(TestModule.ordinary().bytes());

    assertThat(image.name()).isEqualTo("ordinary");
    assertThat(image.elfClass()).isEqualTo(64);
    assertThat(image.byteOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    assertThat(image.machineName()).isEqualTo("x86_64");
    assertThat(image.compression()).isEqualTo(Compression.NONE);
    assertThat(image.buildId()).isEqualTo("01abff10");
    assertThat(image.info().first("license")).contains("GPL");
    assertThat(image.info().intree()).isTrue();
    assertThat(image.info().depends()).containsExactly("one", "two");
    assertThat(image.info().all("alias")).containsExactly("pci:v00001234d*");
    assertThat(image.info().parameters())
        .containsExactly(new ModuleInfo.Parameter("debug", "int", "How much to say"));
    assertThat(image.symbols().imports()).containsExactly(new ModuleSymbols.Import("printk", null));
    assertThat(image.symbols().exports())
        .containsExactly(new ModuleSymbols.Export("ordinary_open", true));
    assertThat(image.signature()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "true, LITTLE_ENDIAN, 183, aarch64",
    "true, BIG_ENDIAN, 22, s390x",
    "false, LITTLE_ENDIAN, 40, arm",
    "false, BIG_ENDIAN, 20, ppc",
    "true, LITTLE_ENDIAN, 21, ppc64le",
    "true, BIG_ENDIAN, 21, ppc64",
    "false, LITTLE_ENDIAN, 243, riscv32",
    "false, LITTLE_ENDIAN, 3, i686",
    "false, BIG_ENDIAN, 8, mips",
    "true, LITTLE_ENDIAN, 8, mips64",
    "true, LITTLE_ENDIAN, 4711, machine 4711"
  })
  void readsEveryClassAndByteOrder(boolean wide, String order, int machine, String name) {
    ByteOrder byteOrder =
        order.equals("BIG_ENDIAN") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;

    ModuleImage image =
        read(
            TestModule.of(wide, byteOrder)
                .machine(machine)
                .modinfo("license=GPL", "name=elsewhere")
                .thisModule("elsewhere")
                .version("printk", 0x8000_0001L)
                .imports("printk")
                .exports("__ksymtab", "open_here")
                .buildId(new byte[] {1, 2})
                .bytes());

    assertThat(image.machineName()).isEqualTo(name);
    assertThat(image.elfClass()).isEqualTo(wide ? 64 : 32);
    assertThat(image.name()).isEqualTo("elsewhere");
    assertThat(image.buildId()).isEqualTo("0102");
    assertThat(image.symbols().imports())
        .containsExactly(new ModuleSymbols.Import("printk", 0x8000_0001L));
    assertThat(image.symbols().exports())
        .containsExactly(new ModuleSymbols.Export("open_here", false));
  }

  @Test
  void readsVersionsOfSymbolsInTheirNewForm() {
    String longName = "a_symbol_whose_name_is_longer_than_the_old_form_has_room_for_it_in_rust";
    byte[] module =
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
            .modinfo("license=GPL")
            .extendedVersion(longName, 0xffff_ffffL)
            .imports(longName)
            .bytes();

    assertThat(read(module).symbols().imports())
        .containsExactly(new ModuleSymbols.Import(longName, 0xffff_ffffL));
  }

  @Test
  void keepsEveryEntryOfModinfoInItsOrder() {
    byte[] module =
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
            .modinfo("b=1", "", "a=x=y", "b=2", "bare", "parm=only", "parmtype=typed:charp")
            .bytes();

    ModuleInfo info = read(module).info();

    assertThat(info.entries())
        .containsExactly(
            new ModuleInfo.Entry("b", "1"),
            new ModuleInfo.Entry("a", "x=y"),
            new ModuleInfo.Entry("b", "2"),
            new ModuleInfo.Entry("bare", ""),
            new ModuleInfo.Entry("parm", "only"),
            new ModuleInfo.Entry("parmtype", "typed:charp"));
    assertThat(info.parameters())
        .containsExactly(
            new ModuleInfo.Parameter("only", null, null),
            new ModuleInfo.Parameter("typed", "charp", null));
    assertThat(info.depends()).isEmpty();
    assertThat(info.intree()).isFalse();
  }

  @Test
  void replacesWhatIsNotUtf8() {
    byte[] entry = {'a', '=', (byte) 0xff, 'b', 0};
    byte[] module =
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
            .section(".modinfo", TestModule.SHT_PROGBITS, entry)
            .bytes();

    assertThat(read(module).info().first("a")).contains("\ufffdb");
  }

  @Test
  void takesTheNameThatTheKernelWillUse() {
    byte[] module =
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
            .modinfo("name=harmless")
            .thisModule("rootkit")
            .bytes();
    byte[] older = TestModule.of(true, ByteOrder.LITTLE_ENDIAN).modinfo("name=older").bytes();
    byte[] odd = TestModule.of(true, ByteOrder.LITTLE_ENDIAN).thisModule("a b\n\u001b[31m").bytes();

    assertThat(read(module).name()).isEqualTo("rootkit");
    assertThat(read(older).name()).isEqualTo("older");
    assertThat(read(odd).name()).isNull();
  }

  @Test
  void readsAModuleWithoutAnything() {
    ModuleImage image = read(TestModule.of(false, ByteOrder.BIG_ENDIAN).bytes());

    assertThat(image.name()).isNull();
    assertThat(image.buildId()).isNull();
    assertThat(image.info()).isEqualTo(new ModuleInfo(List.of()));
    assertThat(image.symbols().imports()).isEmpty();
    assertThat(image.symbols().exports()).isEmpty();
  }

  @Test
  void readsCompressedModules() throws Exception {
    byte[] module = TestModule.ordinary().bytes();
    var gzip = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(gzip)) {
      out.write(module);
    }
    var xz = new ByteArrayOutputStream();
    try (var out = new XZOutputStream(xz, new LZMA2Options())) {
      out.write(module);
    }

    assertIsOrdinary(read(gzip.toByteArray()), Compression.GZIP, module);
    assertIsOrdinary(read(xz.toByteArray()), Compression.XZ, module);
    assertIsOrdinary(read(Seeds.zstd(module)), Compression.ZSTD, module);
  }

  @Test
  void leavesItsInputAsItIs() {
    byte[] module = TestModule.ordinary().bytes();
    ByteBuffer inTheMiddle = ByteBuffer.allocateDirect(module.length + 20);
    inTheMiddle.put(7, module).position(7).limit(7 + module.length);

    ModuleImage image = ModuleImageReader.read(inTheMiddle);

    assertThat(image.name()).isEqualTo("ordinary");
    assertThat(inTheMiddle.position()).isEqualTo(7);
    assertThat(inTheMiddle.limit()).isEqualTo(7 + module.length);
    assertThat(image.module().isReadOnly()).isTrue();
  }

  private static void assertIsOrdinary(ModuleImage image, Compression compression, byte[] module) {
    assertThat(image.compression()).isEqualTo(compression);
    assertThat(image.module()).isEqualTo(ByteBuffer.wrap(module));
    assertThat(image.name()).isEqualTo("ordinary");
  }

  private static ModuleImage read(byte[] module) {
    return ModuleImageReader.read(ByteBuffer.wrap(module));
  }
}
