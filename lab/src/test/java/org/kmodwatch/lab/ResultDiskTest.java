package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultDiskTest {

  @TempDir Path folder;

  @Test
  void extract_writesEveryFile_whenDiskIsWhole() throws IOException {
    Path out = extract("file 4 a.txt\n1\n2\nfile 0 empty\nfile 5 b.txt\nend\n\nend\n\0\0\0");

    assertThat(out.resolve("a.txt")).hasContent("1\n2\n");
    assertThat(out.resolve("empty")).isEmptyFile();
    assertThat(out.resolve("b.txt")).hasContent("end\n\n");
  }

  @Test
  void extract_fails_whenDiskEndsInsideFile() {
    assertThatThrownBy(() -> extract("file 10 a.txt\n123"))
        .isInstanceOf(IOException.class)
        .hasMessage("the guest's results end too early: missing=7");
  }

  @Test
  void extract_fails_whenNothingWasWritten() {
    assertThatThrownBy(() -> extract("\0".repeat(5000)))
        .isInstanceOf(IOException.class)
        .hasMessage("the guest's results have no end");
  }

  @Test
  void extract_refuses_whenNameLeavesFolder() {
    assertThatThrownBy(() -> extract("file 1 ../x\n1end\n"))
        .isInstanceOf(IOException.class)
        .hasMessage("the guest's results are broken at \"file 1 ../x\"");
    assertThatThrownBy(() -> extract("file 1 ..\n1end\n")).isInstanceOf(IOException.class);
  }

  private Path extract(String disk) throws IOException {
    Path file = Files.writeString(folder.resolve("disk"), disk);
    Path out = Files.createDirectories(folder.resolve("out"));
    ResultDisk.extract(file, out);
    return out;
  }
}
