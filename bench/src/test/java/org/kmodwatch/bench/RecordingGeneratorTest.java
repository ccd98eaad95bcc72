package org.kmodwatch.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.EventReader;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

class RecordingGeneratorTest {

  private static final int LINES = 10 * RecordingGenerator.BLOCK_LINES;

  @Test
  void write_givesTheSameBytes_forTheSameSeed() throws IOException {
    assertThat(recording(7, 0.01, 1 << 20)).isEqualTo(recording(7, 0.01, 1 << 20));
    assertThat(recording(8, 0.01, 1 << 20)).isNotEqualTo(recording(7, 0.01, 1 << 20));
  }

  @Test
  void write_writesWholeLines_upToTheLimit() throws IOException {
    byte[] recording = recording(7, 0.01, 1 << 20);
    assertThat(recording.length).isBetween((1 << 20) - 4_096, 1 << 20);
    assertThat(recording).endsWith('}', '\n');
  }

  @Test
  void write_givesAnAccount() throws IOException {
    var out = new ByteArrayOutputStream();
    RecordingGenerator.Account account = new RecordingGenerator(7, 0.5).write(out, 1 << 20);
    String text = out.toString(StandardCharsets.UTF_8);

    assertThat(account.bytes()).isEqualTo(out.size());
    assertThat(account.lines()).isEqualTo(text.lines().count());
    assertThat(account.flatInitModules())
        .isEqualTo(
            text.lines().filter(line -> line.contains(",\"eventName\":\"init_module\"")).count());
    assertThat(account.protobufInitModules())
        .isEqualTo(text.lines().filter(line -> line.contains(",\"name\":\"init_module\"")).count());
  }

  @Test
  void lines_areEachOneJsonObject_ofTheLengthsOfRealOnes() {
    var factory = new JsonFactory();
    for (byte[] line : new RecordingGenerator(7, 0.01).lines(LINES)) {
      assertThat(line.length).isBetween(500, 3_000);
      int depth = 0;
      int objects = 0;
      try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), line)) {
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
          depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
          objects += depth == 0 ? 1 : 0;
        }
      }
      assertThat(objects).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.01, 0.5, 1})
  void lines_matchInExactlyTheShare(double share) throws IOException {
    var read = new Read();
    read.all(new RecordingGenerator(7, share).lines(LINES));

    assertThat(read.findings).isEqualTo((int) (share * LINES));
  }

  @Test
  void lines_areEventsInTheOrderOfTime() throws IOException {
    var read = new Read();
    read.all(new RecordingGenerator(7, 0.01).lines(LINES));

    assertThat(read.times).hasSize(LINES).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void share_isRefused_whenItIsNone() {
    assertThatThrownBy(() -> new RecordingGenerator(7, 1.5))
        .hasMessage("the share of matching lines must be from 0 to 1: share=1.5");
  }

  private static byte[] recording(long seed, double share, long bytes) throws IOException {
    var out = new ByteArrayOutputStream();
    new RecordingGenerator(seed, share).write(out, bytes);
    return out.toByteArray();
  }

  /** Reads lines and counts the findings of TRC-1017; fails on anything unexpected. */
  private static final class Read implements EventHandler, EngineListener {
    private final Engine engine = Engine.start(List.of(new KernelModuleLoading()), this);
    private final List<Long> times = new ArrayList<>();
    private int findings;

    void all(List<byte[]> lines) throws IOException {
      var bytes = new ByteArrayOutputStream();
      lines.forEach(bytes::writeBytes);
      EventReader.read(
          new ByteArrayInputStream(bytes.toByteArray()), "test", ReadOptions.DEFAULT, this);
    }

    @Override
    public void onEvent(Event event) {
      times.add(event.timestampNanos());
      engine.process(event);
    }

    @Override
    public void onBadLine(BadLine line) {
      throw new AssertionError(line);
    }

    @Override
    public void onFinding(Finding finding) {
      findings++;
    }

    @Override
    public void onMalformed(SignatureMetadata signature, Event event, String reason) {
      throw new AssertionError(reason);
    }

    @Override
    public void onFailure(SignatureMetadata signature, Phase phase, Throwable failure) {
      throw new AssertionError(failure);
    }
  }
}
