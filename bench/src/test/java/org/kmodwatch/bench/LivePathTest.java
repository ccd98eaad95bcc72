package org.kmodwatch.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LivePathTest {

  @Test
  void pass_writesARecordForEachAttempt_andItsFindings() throws IOException {
    var out = new ByteArrayOutputStream();
    LivePath.pass(out);
    String text = out.toString(StandardCharsets.UTF_8);

    assertThat(text.lines().filter(line -> line.startsWith("{\"schema\":"))).hasSize(4);
    assertThat(text.lines().filter(line -> line.contains("\"ID\":\"TRC-1017\""))).hasSize(4);
  }
}
