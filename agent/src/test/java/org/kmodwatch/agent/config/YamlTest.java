package org.kmodwatch.agent.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class YamlTest {

  @TempDir Path folder;

  private final Problems problems = new Problems();

  @Test
  void aliases_areCountedAsWhatTheyStandFor() {
    var text = new StringBuilder("k0: &b0 [x,x,x]\n");
    for (int i = 1; i < 16; i++) {
      text.append("k%d: &b%d [*b%d,*b%d,*b%d]\n".formatted(i, i, i - 1, i - 1, i - 1));
    }

    assertThat(read(text.toString())).isEmpty();
    assertThat(problems.all())
        .singleElement()
        .hasToString(
            "k.yaml: too many values, each alias counted as what it stands for: limit=100000");
  }

  @Test
  void aliases_areTaken_whenTheyStandForLittle() {
    assertThat(read("one: &a [x, y]\nother: *a\n")).isPresent();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void aliases_areTaken_whenTheyAreMany() {
    assertThat(read("one: &a [x]\nall:\n" + "- *a\n".repeat(1000))).isPresent();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void listsInLists_areRefused_whenTheyAreTooDeep() {
    for (String opening : new String[] {"[", "{a: ", "- ", "? "}) {
      var found = new Problems();

      assertThat(Yaml.parse(opening.repeat(100_000), "k.yaml", found))
          .as("%s again and again", opening)
          .isEmpty();
      assertThat(found.all()).singleElement().asString().contains("nested too deeply: limit=32");
    }
  }

  @Test
  void listThatHoldsItself_isRefused() {
    read("a: &a [*a]");

    assertThat(problems.all()).singleElement().asString().contains("nested too deeply: limit=32");
  }

  @Test
  void tagThatEndsInAnEscapedBlank_isRefused() {
    assertThat(read("a: !d%20 b")).isEmpty();
    assertThat(problems.all())
        .singleElement()
        .hasToString("k.yaml: not YAML: Tag must not contain leading or trailing spaces.");
  }

  @Test
  void escapeThatBreaksOff_isRefused_withThePlaceBeforeIt() {
    for (String escape : List.of("\\x", "\\u12", "\\U0001", "\\x4", "\\u", "\\UFFFFFFFF\"")) {
      var found = new Problems();
      assertThat(Yaml.parse("a: b\nc: \"" + escape, "k.yaml", found)).as(escape).isEmpty();
      assertThat(found.all())
          .singleElement()
          .asString()
          .as(escape)
          .startsWith("k.yaml:2:")
          .contains("not YAML: ");
    }
  }

  @Test
  void values_areCountedBeforeATreeIsMadeOfThem() {
    assertThat(read("- 1\n".repeat(100_001))).isEmpty();
    assertThat(problems.all())
        .singleElement()
        .hasToString(
            "k.yaml: too many values, each alias counted as what it stands for: limit=100000");
  }

  @Test
  void keys_areCountedAsValues() {
    var text = new StringBuilder();
    for (int i = 0; i < 60_000; i++) {
      text.append('k').append(i).append(": 1\n");
    }

    assertThat(read(text.toString()).isPresent()).isFalse();
    assertThat(problems.all())
        .singleElement()
        .hasToString(
            "k.yaml: too many values, each alias counted as what it stands for: limit=100000");
  }

  @Test
  void file_isRefused_whenItIsTooLarge() throws IOException {
    Path file = Files.writeString(folder.resolve("large.yaml"), "#".repeat((1 << 20) + 1));

    assertThat(Yaml.read(file, problems)).isEmpty();
    assertThat(problems.all()).singleElement().hasToString(file + ": too large: limit=1048576");
  }

  @Test
  void file_isRead_whenItIsAsLargeAsMayBe() throws IOException {
    Path file = Files.writeString(folder.resolve("large.yaml"), "#".repeat(1 << 20));

    assertThat(Yaml.read(file, problems)).isPresent();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void whatIsNoFile_isRefusedUnread() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    for (Path place : List.of(pipe, folder, Path.of("/dev/zero"), Path.of("/dev/tty"))) {
      var found = new Problems();

      assertThat(Yaml.read(place, found)).as("%s", place).isEmpty();
      assertThat(found.all())
          .singleElement()
          .hasToString(place + ": not a regular file, give the name of one");
    }
  }

  @Test
  void emptyDevice_isAnEmptyFile() {
    assertThat(Yaml.read(Path.of("/dev/null"), problems)).isPresent();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void openPipe_isRead() throws Exception {
    Process holder = new ProcessBuilder("sleep", "60").start();
    try {
      Path pipe = Path.of("/proc/" + holder.pid() + "/fd/0");
      try (var in = holder.getOutputStream()) {
        in.write("one: x\n".getBytes(StandardCharsets.UTF_8));
      }

      assertThat(Yaml.read(pipe, problems)).isPresent();
      assertThat(problems.all()).isEmpty();
    } finally {
      holder.destroy();
    }
  }

  private Optional<Tree> read(String text) {
    return Yaml.parse(text, "k.yaml", problems);
  }
}
