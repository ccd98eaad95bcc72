package org.kmodwatch.agent.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;

class InspectCommandTest {

  private static final Path SEEDS =
      Path.of("../image/src/test/resources/org/kmodwatch/image/seeds");

  @TempDir Path folder;

  @Test
  void compressedFiles_thatAskForTooMuch_endWith65_andTheOthersAreShown() throws IOException {
    var empty = new ByteArrayOutputStream();
    new GZIPOutputStream(empty).close();
    Path members = folder.resolve("members.ko.gz");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(members))) {
      for (int i = 0; i < 20_000; i++) {
        empty.writeTo(out);
      }
    }
    Path runs = folder.resolve("runs.ko.zst");
    Files.write(runs, HexFormat.of().parseHex("28b52ffd0088" + "02001000".repeat(3000) + "010000"));
    Path module = Files.copy(SEEDS.resolve("ordinary"), folder.resolve("ordinary.ko"));

    Cli.Result result =
        new Cli()
            .run("inspect", "-o", "json", members.toString(), runs.toString(), module.toString());

    assertThat(result.status()).isEqualTo(65);
    assertThat(result.outLines()).hasSize(1);
    assertThat(result.errLines())
        .containsExactly(
            "kmodwatch: %s: the gzip data cannot be decompressed, gzip data has more parts than are"
                    .formatted(members)
                + " allowed: limit=64: offset=0x0",
            "kmodwatch: %s: the zstd data cannot be decompressed, zstd data has a window of more"
                    .formatted(runs)
                + " than 8 MiB, and does not fit into memory: limit=%d: offset=0x0"
                    .formatted(Files.size(runs) * 200));
  }

  @Test
  void module_isShownWithAllThatItSaysOfItself() throws IOException {
    Path module = Files.copy(SEEDS.resolve("ordinary"), folder.resolve("ordinary.ko"));

    Cli.Result result = new Cli().run("inspect", module.toString());

    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    assertThat(result.out())
        .isEqualTo(
            """
            %s
              signature    unsigned
              name         ordinary
              description  A module for tests
              author       Kmodwatch
              license      GPL
              built for    6.1.0-50-cloud-amd64 SMP preempt mod_unload modversions
              machine      x86_64, 64 bits, little endian
              in tree      yes, by its own word
              size         %,d bytes
              sha256       %s
              build id     01abff10
              place        a folder for temporary files
              depends      one, two
              aliases      pci:v00001234d*
              imports      printk
              exports      ordinary_open
              parameter    debug (int): How much to say
            """
                .formatted(module, Files.size(module), sha256(module)));
  }

  @Test
  void json_isALinePerFile_withEveryField() throws IOException {
    // Not where the checkout is, which may be anywhere.
    Path module = Files.copy(SEEDS.resolve("xz"), folder.resolve("module.ko.xz"));

    Cli.Result result =
        new Cli().run("inspect", "-o", "json", module.toString(), module.toString());

    assertThat(result.outLines()).hasSize(2);
    assertThat(result.outLines().getFirst())
        .isEqualTo(
            "{\"schema\":\"kmodwatch.module/1\",\"file\":\"%s\",\"sizeBytes\":%d,\"sha256\":\"%s\","
                    .formatted(module, Files.size(module), sha256(module))
                + "\"compression\":\"xz\",\"decompressed\":{\"sizeBytes\":%d,\"sha256\":\"%s\"},"
                    .formatted(
                        Files.size(SEEDS.resolve("ordinary")), sha256(SEEDS.resolve("ordinary")))
                + "\"name\":\"ordinary\",\"machine\":\"x86_64\",\"class\":64,\"byteOrder\":\"little\","
                + "\"buildId\":\"01abff10\",\"intree\":true,\"depends\":[\"one\",\"two\"],\"modinfo\":{\"license\":[\"GPL\"],\"description\":[\"A"
                + " module for tests\"],\"author\":[\"Kmodwatch\"],\"alias\":[\"pci:v00001234d*\"],"
                + "\"depends\":[\"one,two\"],\"intree\":[\"Y\"],\"name\":[\"ordinary\"],\"vermagic\":[\"6.1.0-50-cloud-amd64"
                + " SMP preempt mod_unload modversions \"],\"parm\":[\"debug:How much to"
                + " say\"],\"parmtype\":[\"debug:int\"]},\"parameters\":[{\"name\":\"debug\",\"type\":\"int\",\"description\":\"How"
                + " much to say\"}],\"imports\":[{\"name\":\"printk\"}],"
                + "\"exports\":[{\"name\":\"ordinary_open\",\"gplOnly\":true}],"
                + "\"signature\":{\"status\":\"unsigned\"},\"place\":\"temporary\"}");
  }

  @Test
  void signatureByAKeyThatIsNotHere_isNotChecked_andTheWayToCheckItIsNamed() {
    assertThat(new Cli().run("inspect", SEEDS.resolve("signed").toString()).out())
        .contains(
            "  signature  unknown key: no certificate is here for its key (ENOKEY)"
                + " (--certificates gives one);")
        .contains("by seed, sha256, key A1:B2:C3:D4");
  }

  @Test
  void filesThatCannotBeShown_areNamed_andTheOthersAreShown() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.txt"), "hello");
    Path missing = folder.resolve("missing.ko");
    String module = SEEDS.resolve("small").toString();

    Cli.Result result =
        new Cli()
            .run(
                "inspect",
                missing.toString(),
                folder.toString(),
                text.toString(),
                "/dev/null",
                module);

    assertThat(result.status()).isEqualTo(65);
    assertThat(result.errLines())
        .containsExactly(
            "kmodwatch: no such file: " + missing,
            "kmodwatch: a folder, name the files in it: " + folder + "/*.ko",
            "kmodwatch: " + text + ": not an ELF file: offset=0x0",
            "kmodwatch: not a file that can be read twice: /dev/null");
    assertThat(result.outLines().getFirst()).isEqualTo(module);
  }

  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void certificatesInWhatIsNoFile_areNotWaitedFor() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    for (Path place : List.of(pipe, folder, Path.of("/dev/zero"))) {
      Cli.Result result =
          new Cli()
              .run(
                  "inspect", "--certificates", place.toString(), SEEDS.resolve("small").toString());

      assertThat(result.status()).isEqualTo(69);
      assertThat(result.err())
          .isEqualTo(
              "kmodwatch: cannot read certificates, give a file in PEM or DER, or a kernel: not a"
                  + " regular file: %s\n".formatted(place));
    }
  }

  @Test
  void linksThatLeadNowhere_areNamedAsSuch() throws IOException {
    Path loop = folder.resolve("loop1.ko");
    Path other = folder.resolve("loop2.ko");
    Files.createSymbolicLink(loop, other);
    Files.createSymbolicLink(other, loop);
    Path dangling = Files.createSymbolicLink(folder.resolve("dangling.ko"), Path.of("gone.ko"));

    Cli.Result result = new Cli().run("inspect", loop.toString(), dangling.toString());

    assertThat(result.status()).isEqualTo(69);
    assertThat(result.errLines())
        .containsExactly(
            "kmodwatch: a symbolic link that leads nowhere, or around in a circle: " + loop,
            "kmodwatch: a symbolic link that leads nowhere, or around in a circle: " + dangling);
  }

  @Test
  void nameThatJavaCannotHold_isNamedAsSuch_withTheRemedy() {
    Cli.Result result = new Cli().run("inspect", "b\ufffd.ko");

    assertThat(result.status()).isEqualTo(69);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: no such file, or its name is not UTF-8 and cannot be given, make a link to"
                + " it with a plain name (ln -s): b\ufffd.ko\n");
  }

  @Test
  void nameWithControlCharacters_cannotForgeALine() throws IOException {
    Path module = Files.copy(SEEDS.resolve("small"), folder.resolve("a\n  signature    valid.ko"));

    assertThat(new Cli().run("inspect", module.toString()).outLines().getFirst())
        .endsWith("a\\n  signature    valid.ko");
  }

  @Test
  void certificatesThatAreNone_areWrong_beforeAnythingIsShown() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.txt"), "hello");
    String module = SEEDS.resolve("small").toString();

    Cli.Result none = new Cli().run("inspect", "--certificates", text.toString(), module);
    Cli.Result missing = new Cli().run("inspect", "--certificates", "/nonexistent.pem", module);

    assertThat(none.status()).isEqualTo(69);
    assertThat(none.out()).isEmpty();
    assertThat(none.err())
        .isEqualTo(
            "kmodwatch: no certificate in it, and it should be PEM, DER, vmlinuz or vmlinux: %s\n"
                .formatted(text));
    assertThat(missing.err())
        .isEqualTo(
            "kmodwatch: no such file, give one in PEM or DER, or a kernel: /nonexistent.pem\n");
  }

  @Test
  void packageOfTheFile_isNamed_andWhetherItWasChanged() throws IOException {
    Path root = folder.resolve("root");
    Path module = Files.copy(SEEDS.resolve("small"), folder.resolve("small.ko"));
    Path info = Files.createDirectories(root.resolve("var/lib/dpkg/info"));
    Files.writeString(
        root.resolve("var/lib/dpkg/status"), "Package: small-modules\nVersion: 1.2\n");
    Files.writeString(info.resolve("small-modules.list"), module.toRealPath() + "\n");
    Files.writeString(
        info.resolve("small-modules.md5sums"),
        "0".repeat(32) + "  " + module.toRealPath().toString().substring(1) + "\n");

    assertThat(new Cli().withRoot(root).run("inspect", module.toString()).out())
        .contains("  package    small-modules 1.2 (dpkg); CHANGED since it was shipped\n");
  }

  private static String sha256(Path file) throws IOException {
    try {
      byte[] digest =
          java.security.MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return java.util.HexFormat.of().formatHex(digest);
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
