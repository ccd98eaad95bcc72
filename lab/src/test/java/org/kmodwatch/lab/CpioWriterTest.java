package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpioWriterTest {

  @TempDir Path folder;

  @Test
  void file_isAlignedAndPrecededByItsFolders() throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var cpio = new CpioWriter(bytes)) {
      cpio.file("a/b", 0644, "12345".getBytes(StandardCharsets.US_ASCII));
      cpio.file("a/c", 0755, new byte[0]);
    }

    assertThat(bytes.toString(StandardCharsets.US_ASCII))
        .isEqualTo(
            header(1, "000041ed", 2, 0, 2)
                + "a\0"
                + header(2, "000081a4", 1, 5, 4)
                + "a/b\0\0\0"
                + "12345\0\0\0"
                + header(3, "000081ed", 1, 0, 4)
                + "a/c\0\0\0"
                + header(4, "00000000", 1, 0, 11)
                + "TRAILER!!!\0\0\0\0");
  }

  @Test
  void tree_keepsLinksAndNamesWithSpaces() throws IOException {
    Files.createDirectory(folder.resolve("sub dir"));
    Files.writeString(folder.resolve("sub dir/x y"), "text");
    Files.createSymbolicLink(folder.resolve("link"), Path.of("sub dir"));
    var bytes = new ByteArrayOutputStream();
    try (var cpio = new CpioWriter(bytes)) {
      cpio.tree("top", folder);
    }

    assertThat(bytes.toString(StandardCharsets.US_ASCII))
        .containsSubsequence(
            "top\0", "top/link\0", "sub dir", "top/sub dir\0", "top/sub dir/x y\0");
  }

  private static String header(int inode, String mode, int links, int size, int nameSize) {
    return "070701%08x%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
        .formatted(inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, nameSize, 0);
  }
}
