package org.kmodwatch.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class SeedsTest {

  @Test
  void aSeedOfEveryKindIsKept() throws Exception {
    for (Map.Entry<String, byte[]> made : Seeds.made().entrySet()) {
      Path file = Seeds.folder().resolve(made.getKey());
      if (Boolean.getBoolean("kmodwatch.seeds.write")) {
        Files.write(file, made.getValue());
      }
      assertThat(ModuleImageFuzzer.readAll(Files.readAllBytes(file))).as(made.getKey()).isTrue();
    }
  }

  @Test
  void whatFuzzingFoundIsReadOrRefused() throws Exception {
    List<byte[]> found = Seeds.found();

    assertThat(found).hasSizeGreaterThan(100);
    assertThat(found).allSatisfy(ModuleImageFuzzer::readAll);
  }
}
