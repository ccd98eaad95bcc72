package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AddedFileTest {

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void makeFile() throws IOException {
    file = Files.writeString(folder.resolve("a file.ko"), "x");
  }

  @Test
  void parse_putsFileIntoRoot_whenNoPlaceIsGiven() {
    assertThat(AddedFile.parse(file.toString())).isEqualTo(new AddedFile(file, "/root/a file.ko"));
  }

  @Test
  void parse_takesGuestPath_whenAbsolute() {
    assertThat(AddedFile.parse(file + ":/opt/b c.ko"))
        .isEqualTo(new AddedFile(file, "/opt/b c.ko"));
  }

  @Test
  void parse_putsBelowRoot_whenGuestPathIsRelative() {
    assertThat(AddedFile.parse(file + ":sub/b.ko").guestPath()).isEqualTo("/root/sub/b.ko");
  }

  @Test
  void parse_keepsName_whenGuestPathIsFolder() {
    assertThat(AddedFile.parse(file + ":/opt/").guestPath()).isEqualTo("/opt/a file.ko");
  }

  @Test
  void parse_takesColonAsPartOfName_whenThatFileExists() throws IOException {
    Path colon = Files.writeString(folder.resolve("a:b"), "x");

    assertThat(AddedFile.parse(colon.toString())).isEqualTo(new AddedFile(colon, "/root/a:b"));
  }

  @Test
  void parse_refuses_whenThereIsNoSuchFile() {
    assertThatThrownBy(() -> AddedFile.parse("/nowhere/x.ko:/root/x.ko"))
        .isInstanceOf(LabException.Usage.class)
        .hasMessage("cannot add /nowhere/x.ko: no such file");
  }
}
