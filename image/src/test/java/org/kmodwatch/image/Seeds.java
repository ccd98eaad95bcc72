package org.kmodwatch.image;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.NullMarked;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/**
 * Provides the seeds of mutation and fuzzing: modules of every kind, and inputs that fuzzing found.
 */
@NullMarked
final class Seeds {

  private Seeds() {}

  /** Returns the generated seeds by name. */
  static Map<String, byte[]> made() throws Exception {
    var seeds = new LinkedHashMap<String, byte[]>();
    byte[] ordinary = TestModule.ordinary().bytes();
    byte[] small =
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
            .modinfo("license=GPL")
            .thisModule("small")
            .bytes();
    seeds.put("ordinary", ordinary);
    seeds.put("small", small);
    seeds.put(
        "long-texts",
        TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
            .modinfo(
                "license=GPL", "description=" + "d".repeat(1_100), "depends=" + "x,".repeat(300))
            .thisModule("long_texts")
            .bytes());
    seeds.put("big-endian-32", everything(false, ByteOrder.BIG_ENDIAN));
    seeds.put("big-endian-64", everything(true, ByteOrder.BIG_ENDIAN));
    seeds.put("little-endian-32", everything(false, ByteOrder.LITTLE_ENDIAN));
    seeds.put("extended-versions", extended());
    seeds.put("signed", TestSigner.named("seed").sign(small, "SHA256"));
    var gzip = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(gzip)) {
      out.write(ordinary);
    }
    seeds.put("gzip", gzip.toByteArray());
    var xz = new ByteArrayOutputStream();
    try (var out = new XZOutputStream(xz, new LZMA2Options())) {
      out.write(ordinary);
    }
    seeds.put("xz", xz.toByteArray());
    seeds.put("zstd", zstd(ordinary));
    return seeds;
  }

  /** Returns the generated seeds that are kept in the repository. */
  static List<byte[]> kept() throws IOException {
    return in(folder());
  }

  /**
   * Returns the inputs that fuzzing found: each takes a path through the reader that the others do
   * not.
   */
  static List<byte[]> found() throws IOException {
    return in(folder().resolve("found"));
  }

  private static List<byte[]> in(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      var seeds = new ArrayList<byte[]>();
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        seeds.add(Files.readAllBytes(file));
      }
      return seeds;
    }
  }

  static Path folder() {
    return Path.of("src/test/resources/org/kmodwatch/image/seeds");
  }

  static byte[] zstd(byte[] module) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var zstd = new ZstdOutputStream(out)) {
      zstd.write(module);
    }
    return out.toByteArray();
  }

  private static byte[] everything(boolean wide, ByteOrder order) {
    return TestModule.of(wide, order)
        .modinfo("license=GPL", "depends=a,b", "parm=x:y", "parmtype=x:int")
        .thisModule("everything")
        .version("printk", 77)
        .imports("printk")
        .exports("__ksymtab", "given")
        .buildId(new byte[20])
        .bytes();
  }

  private static byte[] extended() {
    return TestModule.of(true, ByteOrder.LITTLE_ENDIAN)
        .extendedVersion("printk", 5)
        .imports("printk")
        .bytes();
  }
}
