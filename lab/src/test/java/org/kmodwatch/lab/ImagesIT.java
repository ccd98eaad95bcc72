package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZ;
import org.tukaani.xz.XZInputStream;
import org.tukaani.xz.XZOutputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Tests the records of {@code images.sh}: what they report about the bytes that the kernel
 * received.
 */
@Guest(
    script = "images.sh",
    modules = {"kw_plain", "kw_params"},
    preparation = ImagesIT.Modules.class,
    minutes = 5)
final class ImagesIT {

  private static final int MIB = 1 << 20;

  private final GuestRecord guest;
  private final List<String> log;
  private final Map<String, String> sums = new HashMap<>();

  ImagesIT(GuestRecord guest) {
    this.guest = guest;
    log = guest.log().lines().toList();
    for (String line : log) {
      if (line.startsWith("sum ")) {
        List<String> words = List.of(line.split(" ", -1));
        sums.put(words.get(1), words.get(2));
      }
    }
  }

  /** Adds a module with another text than its signer saw, and a compressed one. */
  static final class Modules implements GuestPreparation {
    @Override
    public LabRun prepare(LabRun run, Path folder) throws IOException {
      Path plain = Lab.testModule(run.kernel(), "kw_plain").hostFile();
      Path changed = Files.write(folder.resolve("changed.ko"), changed(stock(run.kernel())));
      Path compressed = folder.resolve("kw_plain.ko.xz");
      try (OutputStream out =
          new XZOutputStream(
              Files.newOutputStream(compressed), new LZMA2Options(), XZ.CHECK_CRC32)) {
        Files.copy(plain, out);
      }
      return run.withFile(AddedFile.parse(changed.toString()))
          .withFile(AddedFile.parse(compressed.toString()));
    }

    private static byte[] stock(String kernel) throws IOException {
      try (Stream<Path> files = Files.walk(Lab.kernels().named(kernel).modules())) {
        Path file =
            files
                .filter(f -> f.toString().matches(".*/dummy\\.ko(\\.xz)?"))
                .findFirst()
                .orElseThrow();
        try (InputStream in = Files.newInputStream(file)) {
          return file.toString().endsWith(".xz")
              ? new XZInputStream(in).readAllBytes()
              : in.readAllBytes();
        }
      }
    }

    private static byte[] changed(byte[] module) {
      var text = new String(module, StandardCharsets.ISO_8859_1);
      int at = text.indexOf("Number of dummy");
      assertThat(at).isPositive();
      byte[] changed = module.clone();
      changed[at] = 'L';
      return changed;
    }
  }

  @Test
  void hash_isOfTheBytesThatWereHandedOver_byEveryRoute() {
    Map<String, String> sumByCase =
        Map.of(
            "stock", "stock",
            "unsigned", "unsigned",
            "memory", "memory",
            "memfd", "unsigned",
            "insmod-xz", "unsigned",
            "replaced", "unsigned");

    assertThat(sumByCase)
        .allSatisfy(
            (name, sum) -> {
              JsonNode image = guest.load(name).get("image");
              assertThat(image.get("sha256").asString()).as(name).isEqualTo(sums.get(sum));
              assertThat(image.get("complete").asBoolean()).as(name).isTrue();
              assertThat(image.get("source").asString()).as(name).isEqualTo("kernel");
            });
  }

  @Test
  void aModuleThatTheKernelDecompresses_hasTheHashOfBothForms() {
    JsonNode load = guest.load("kernel-xz");

    JsonNode image = load.get("image");
    assertThat(image.get("sha256").asString()).isEqualTo(sums.get("kernel-xz-file"));
    assertThat(image.get("complete").asBoolean()).isTrue();
    if (TestKernels.is61(guest.kernel())) {
      // Debian's 6.1 has no CONFIG_MODULE_DECOMPRESS: it reads the file, and then fails. Its file
      // is not compressed either.
      assertThat(load.get("errno").asString()).isEqualTo("EOPNOTSUPP");
      assertThat(image.has("decompressed")).isFalse();
      return;
    }
    assertThat(load.at("/route/compression").asString()).isEqualTo("xz");
    assertThat(image.at("/decompressed/sha256").asString()).isEqualTo(sums.get("stock"));
    assertThat(image.at("/signature/status").asString()).isEqualTo("valid");
    assertThat(load.at("/module/license").asString()).isEqualTo("GPL");
  }

  @Test
  void aStockModule_isNamedWithItsSignerAndWhatItSaysOfItself() {
    JsonNode load = guest.load("stock");

    assertThat(load.at("/image/signature/status").asString()).isEqualTo("valid");
    assertThat(load.at("/image/signature/signer").asString())
        .isEqualTo("Build time autogenerated kernel key");
    assertThat(load.at("/image/signature/digest").asString()).isEqualTo("sha256");
    assertThat(load.at("/image/signature/keyId").asString())
        .matches("([0-9A-F]{2}:){19}[0-9A-F]{2}");
    assertThat(load.at("/module/license").asString()).isEqualTo("GPL");
    assertThat(load.at("/module/intree").asBoolean()).isTrue();
    assertThat(load.at("/module/vermagic").asString())
        .startsWith(Lab.kernels().named(guest.kernel()).release() + " ");
    assertThat(load.at("/file/place").asString()).isEqualTo("distribution");
    assertThat(load.has("gaps")).isFalse();
  }

  @Test
  void anUnsignedModule_saysSo() {
    JsonNode load = guest.load("unsigned");

    assertThat(load.at("/image/signature").toString()).isEqualTo("{\"status\":\"unsigned\"}");
    assertThat(load.at("/module/intree").asBoolean(true)).isFalse();
    assertThat(load.at("/module/description").asString())
        .isEqualTo("Kmodwatch test module that loads and does nothing");
  }

  @Test
  void aSignatureThatDoesNotFit_isInvalid_andOneThatNobodyChecked_isNeverValid() {
    JsonNode changed = guest.load("changed");
    JsonNode forced = guest.load("forced");

    assertThat(changed.get("outcome").asString()).isEqualTo("refused");
    assertThat(changed.get("errno").asString()).isEqualTo("EKEYREJECTED");
    assertThat(changed.at("/image/signature/status").asString()).isEqualTo("invalid");
    assertThat(forced.get("outcome").asString()).isEqualTo("loaded");
    assertThat(forced.at("/image/signature/status").asString()).isEqualTo("unknown key");
    assertThat(forced.at("/image/signature/signer").asString())
        .isEqualTo("Build time autogenerated kernel key");
  }

  @Test
  void anImageAsLargeAsCanBeTaken_isComplete() throws Exception {
    JsonNode image = guest.load("large").get("image");

    assertThat(image.get("sizeBytes").asInt()).isEqualTo(64 * MIB);
    assertThat(image.get("complete").asBoolean()).isTrue();
    assertThat(image.get("sha256").asString()).isEqualTo(padded(64 * MIB));
  }

  @Test
  void aLargerOne_hasTheHashOfItsFile_orNoneIfThatIsAnotherByNow() throws Exception {
    JsonNode image = guest.load("too-large").get("image");
    JsonNode replaced = guest.load("too-large-replaced");

    assertThat(image.get("complete").asBoolean(true)).isFalse();
    assertThat(image.get("source").asString()).isEqualTo("file");
    assertThat(image.get("sha256").asString()).isEqualTo(padded(64 * MIB + 1));
    assertThat(replaced.at("/image/complete").asBoolean(true)).isFalse();
    assertThat(replaced.get("image").has("sha256")).isFalse();
    assertThat(replaced.get("gaps").toString())
        .contains("image.sha256", "the file cannot be read, or is no longer what was loaded");
  }

  @Test
  void imagesAreKept_byHash_forNobodyElse_andTheOldestGoesFirst() {
    var kept = new HashMap<String, String>();
    for (JsonNode load : lines("kept-load ")) {
      if (load.get("action").asString().equals("load")) {
        JsonNode image = load.get("image");
        String sha256 = image.get("sha256").asString();
        assertThat(image.get("kept").asString()).isEqualTo("/root/kept/" + sha256 + ".ko");
        kept.put(load.at("/module/name").asString(), sha256);
      }
    }
    assertThat(kept).containsOnlyKeys("kw_plain", "kw_params", "dummy");
    // 28 KiB cannot hold all three: the first image was deleted.
    assertThat(log.stream().filter(line -> line.startsWith("kept-file ")))
        .containsExactlyInAnyOrder(
            keptFile(kept.getOrDefault("kw_params", "")), keptFile(kept.getOrDefault("dummy", "")));
    assertThat(log).contains("kept-folder 700");
  }

  private static String keptFile(String sha256) {
    return "kept-file 600 %s.ko %s".formatted(sha256, sha256);
  }

  private List<JsonNode> lines(String prefix) {
    var mapper = new ObjectMapper();
    var nodes = new ArrayList<JsonNode>();
    for (String line : log) {
      if (line.startsWith(prefix)) {
        nodes.add(mapper.readTree(line.substring(prefix.length())));
      }
    }
    return nodes;
  }

  /** Returns the hash of kw_plain padded with zeroes to that size. */
  private String padded(int size) throws Exception {
    byte[] plain = Files.readAllBytes(Lab.testModule(guest.kernel(), "kw_plain").hostFile());
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    return HexFormat.of().formatHex(digest.digest(Arrays.copyOf(plain, size)));
  }
}
