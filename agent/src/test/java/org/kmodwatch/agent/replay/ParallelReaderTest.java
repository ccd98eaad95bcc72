package org.kmodwatch.agent.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.LineJoiner;
import org.kmodwatch.core.scan.LineBlocks;
import org.kmodwatch.core.scan.ReadOptions;

@NullMarked
@Timeout(30)
class ParallelReaderTest {

  private final List<Long> times = new ArrayList<>();

  @Test
  void read_handsOverInTheOrderOfTheInput_acrossManyBlocks() throws IOException {
    int lines = 20_000;
    var text = new StringBuilder();
    for (int i = 0; i < lines; i++) {
      text.append(
          "{\"timestamp\":%d,\"eventName\":\"e\",\"hostName\":\"%s\"}\n"
              .formatted(i, "x".repeat(i % 300)));
    }

    read(new ByteArrayInputStream(text.toString().getBytes(StandardCharsets.UTF_8)));

    assertThat(times).hasSize(lines).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void read_ends_whenTheInputFailsByAFaultOfOurs() {
    InputStream broken =
        new SequenceInputStream(
            new ByteArrayInputStream(
                "{\"timestamp\":1,\"eventName\":\"e\"}\n".getBytes(StandardCharsets.UTF_8)),
            new InputStream() {
              @Override
              public int read() {
                throw new IllegalArgumentException("broken");
              }

              @Override
              public int read(byte[] bytes, int offset, int length) {
                throw new IllegalArgumentException("broken");
              }
            });

    assertThatThrownBy(() -> read(broken))
        .isInstanceOf(IllegalStateException.class)
        .hasRootCauseInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("broken");
    assertThat(times).containsExactly(1L);
  }

  private void read(InputStream in) throws IOException {
    ParallelReader.read(
        LineBlocks.of(in, ReadOptions.DEFAULT),
        "test",
        ReadOptions.DEFAULT,
        new LineJoiner(ReadOptions.DEFAULT),
        new EventHandler() {
          @Override
          public void onEvent(Event event) {
            times.add(event.timestampNanos());
          }

          @Override
          public void onBadLine(BadLine line) {
            throw new AssertionError(line);
          }
        },
        () -> {},
        ParallelReader.Onlooker.NONE);
  }
}
