package org.kmodwatch.core.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

@NullMarked
class RecordingFindingsTest {

  @ParameterizedTest
  @CsvSource({"flat,5,1", "protobuf,4,0", "mixed,3,0"})
  void engine_raisesFindings_overARecording(String name, long findings, long malformed) {
    Engine engine = Engine.start(List.of(new KernelModuleLoading()), new Ignore());
    Reading.of(Reading.resource(name + ".ndjson")).events().forEach(engine::process);
    EngineStatistics.OfSignature account = engine.statistics().signatures().getFirst();
    assertThat(account.findings()).isEqualTo(findings);
    assertThat(account.malformed()).isEqualTo(malformed);
    assertThat(account.failures()).isZero();
  }

  private static final class Ignore implements EngineListener {
    @Override
    public void onFinding(Finding finding) {}

    @Override
    public void onMalformed(SignatureMetadata signature, Event event, String reason) {}

    @Override
    public void onFailure(SignatureMetadata signature, Phase phase, Throwable failure) {}
  }
}
