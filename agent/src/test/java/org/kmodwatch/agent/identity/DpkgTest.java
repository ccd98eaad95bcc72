package org.kmodwatch.agent.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;

class DpkgTest {

  private static final String MODULE = "/lib/modules/6.1/kernel/a.ko";
  private static final ByteBuffer SHIPPED = bytes("as shipped");

  @TempDir Path root;
  private Path info;

  @BeforeEach
  void makeDatabase() throws IOException {
    info = Files.createDirectories(root.resolve("var/lib/dpkg/info"));
    Files.writeString(
        root.resolve("var/lib/dpkg/status"),
        """
        Package: coreutils
        Status: install ok installed
        Version: 9.1-1
        Architecture: amd64

        Package: linux-image-6.1
        Status: install ok installed
        Architecture: amd64
        Version: 6.1.176-1
        Description: Linux
         Version: not this

        Package: libboth
        Architecture: i386
        Version: 1-i386

        Package: libboth
        Architecture: amd64
        Version: 1-amd64
        """);
    Files.writeString(info.resolve("coreutils.list"), "/.\n/bin\n/bin/ls\n");
    Files.writeString(
        info.resolve("linux-image-6.1.list"), "/.\n/lib\n" + MODULE + "\n/boot/vmlinuz\n");
    Files.writeString(
        info.resolve("linux-image-6.1.md5sums"),
        "00000000000000000000000000000000  boot/vmlinuz\n"
            + Digests.md5(SHIPPED)
            + "  lib/modules/6.1/kernel/a.ko\n");
    Files.writeString(info.resolve("libboth:amd64.list"), "/usr/lib/both\n");
  }

  @Test
  void owner_isNamedWithItsVersion_andTheContentsAreCompared() {
    var dpkg = new Dpkg(root);

    assertThat(dpkg.ownerOf(MODULE, SHIPPED)).contains(linux(false));
    assertThat(dpkg.ownerOf(MODULE, bytes("something else"))).contains(linux(true));
  }

  @Test
  void eitherNameOfTheTree_isTheSameFile() {
    assertThat(new Dpkg(root).ownerOf("/usr" + MODULE, SHIPPED)).contains(linux(false));
  }

  @Test
  void packageOfSeveralArchitectures_isNamedPlainly_withItsOwnVersion() {
    assertThat(new Dpkg(root).ownerOf("/usr/lib/both", bytes("")))
        .contains(new PackageOwner("dpkg", "libboth", "1-amd64", null));
  }

  @Test
  void fileThatThePackageHasNoDigestOf_isNeitherChangedNorNot() throws IOException {
    Files.delete(info.resolve("linux-image-6.1.md5sums"));

    assertThat(new Dpkg(root).ownerOf(MODULE, SHIPPED))
        .contains(new PackageOwner("dpkg", "linux-image-6.1", "6.1.176-1", null));
  }

  @Test
  void fileOfNoPackage_hasNoOwner_untilOneIsInstalled() throws IOException {
    var dpkg = new Dpkg(root);
    Files.setLastModifiedTime(info, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
    assertThat(dpkg.ownerOf("/lib/modules/6.1/updates/b.ko", SHIPPED)).isEmpty();

    Files.writeString(info.resolve("b-dkms.list"), "/lib/modules/6.1/updates/b.ko\n");

    assertThat(dpkg.ownerOf("/lib/modules/6.1/updates/b.ko", SHIPPED))
        .contains(new PackageOwner("dpkg", "b-dkms", "", null));
  }

  @Test
  void partOfAPath_isNotThePath() {
    assertThat(new Dpkg(root).ownerOf("/lib/modules/6.1/kernel", SHIPPED)).isEmpty();
    assertThat(new Dpkg(root).ownerOf("/x" + MODULE, SHIPPED)).isEmpty();
  }

  @Test
  void hostWithoutDpkg_hasNone() {
    assertThat(new Dpkg(root).isPresent()).isTrue();
    assertThat(new Dpkg(root.resolve("elsewhere")).isPresent()).isFalse();
  }

  private static PackageOwner linux(boolean changed) {
    return new PackageOwner("dpkg", "linux-image-6.1", "6.1.176-1", changed);
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
