package org.kmodwatch.core.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;
import org.kmodwatch.core.testing.EventBuilder;

@NullMarked
class EngineTest {

  private static final Event EVENT = EventBuilder.named("init_module", null);
  private static final List<EventSelector> ALL = List.of(new EventSelector("*", "*", "*"));

  private final Recorder recorder = new Recorder();

  @Test
  void process_givesAnEventOnce_whenSeveralSelectorsMatch() {
    var selectors =
        List.of(
            EventSelector.of("tracee", "init_module"),
            new EventSelector("*", "init_module", "host"),
            new EventSelector("*", "*", "*"));
    Engine engine = Engine.start(List.of(raising("A", selectors), raising("B", ALL)), recorder);
    engine.process(EVENT);
    engine.process(EventBuilder.named("other", null));
    assertThat(recorder.said).containsExactly("A finding", "B finding", "A finding", "B finding");
    assertThat(engine.statistics())
        .isEqualTo(
            new EngineStatistics(
                2,
                List.of(
                    new EngineStatistics.OfSignature("A", 2, 2, 0, 0),
                    new EngineStatistics.OfSignature("B", 2, 2, 0, 0))));
  }

  @Test
  void process_passesOver_whenSourceOrOriginDiffer() {
    var selectors =
        List.of(
            EventSelector.of("audit", "init_module"),
            new EventSelector("tracee", "init_module", "container"));
    Engine.start(List.of(raising("A", selectors)), recorder).process(EVENT);
    assertThat(recorder.said).isEmpty();
  }

  @Test
  void process_countsAndReports_whenASignatureThrows() {
    Signature failing =
        new TestSignature(
            "A",
            ALL,
            (event, verdict) -> {
              throw new IllegalStateException("boom");
            });
    Engine engine = Engine.start(List.of(failing, raising("B", ALL)), recorder);
    engine.process(EVENT);
    engine.process(EVENT);
    assertThat(recorder.said)
        .containsExactly("A EVENT boom", "B finding", "A EVENT boom", "B finding");
    assertThat(engine.statistics().signatures().getFirst().failures()).isEqualTo(2);
  }

  @Test
  void start_leavesASignatureOut_whenItsStartThrows() {
    Signature failing =
        new TestSignature("A", ALL, (event, verdict) -> verdict.raise(null)) {
          @Override
          public void start() {
            throw new IllegalStateException("no");
          }
        };
    Engine engine = Engine.start(List.of(failing, raising("B", ALL)), recorder);
    engine.process(EVENT);
    assertThat(recorder.said).containsExactly("A START no", "B finding");
    assertThat(engine.statistics().signatures().getFirst().received()).isZero();
  }

  @Test
  void process_letsTheListenersExceptionThrough_whenTheSignatureWouldSwallowIt() {
    var failure = new IllegalStateException("disk full");
    recorder.failure = failure;
    Signature swallowing =
        new TestSignature(
            "A",
            ALL,
            (event, verdict) -> {
              try {
                verdict.raise(null);
              } catch (IllegalStateException swallowed) {
                assertThat(swallowed).isSameAs(failure);
              }
            });
    Engine engine = Engine.start(List.of(swallowing, raising("B", ALL)), recorder);
    assertThatThrownBy(() -> engine.process(EVENT)).isSameAs(failure);
    assertThat(recorder.said).containsExactly("A finding", "B finding");
    assertThat(engine.statistics().signatures())
        .extracting(EngineStatistics.OfSignature::failures)
        .containsExactly(0L, 0L);
  }

  @Test
  void process_letsTheListenersExceptionThrough_whenAnEventIsMalformed() {
    recorder.failure = new IllegalStateException("disk full");
    Signature signature = new TestSignature("A", ALL, (event, verdict) -> verdict.malformed("odd"));
    Engine engine = Engine.start(List.of(signature), recorder);
    assertThatThrownBy(() -> engine.process(EVENT)).isSameAs(recorder.failure);
    assertThat(engine.statistics().signatures().getFirst())
        .isEqualTo(new EngineStatistics.OfSignature("A", 1, 0, 1, 0));
  }

  @Test
  void verdict_isRefused_whenTheEventIsOver() {
    var kept = new ArrayList<Verdict>();
    Signature keeping = new TestSignature("A", ALL, (event, verdict) -> kept.add(verdict));
    Engine engine = Engine.start(List.of(keeping), recorder);
    engine.process(EVENT);
    assertThatThrownBy(() -> kept.getFirst().raise(null))
        .hasMessage("a verdict is given only while the event is being judged: id=A");
    assertThat(engine.statistics().signatures().getFirst().findings()).isZero();
  }

  @Test
  void process_isRefused_whenClosed() {
    Engine engine = Engine.start(List.of(), recorder);
    engine.close();
    engine.close();
    assertThatThrownBy(() -> engine.process(EVENT)).hasMessage("the engine is closed");
  }

  @Test
  void start_isRefused_whenTwoSignaturesHaveOneId() {
    assertThatThrownBy(() -> Engine.start(List.of(raising("A", ALL), raising("A", ALL)), recorder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("two signatures have one id, remove one of them: id=A classes=");
  }

  @Test
  void metadata_isImmutable() {
    var tags = new ArrayList<>(List.of("a"));
    var properties = new HashMap<String, Value>(Map.of("Severity", Value.of(2)));
    var metadata = new SignatureMetadata("A", "1", "n", "e", "d", tags, properties);
    tags.add("b");
    properties.clear();
    assertThat(metadata.tags()).containsExactly("a");
    assertThat(metadata.properties()).containsOnlyKeys("Severity");
    assertThatThrownBy(() -> new KernelModuleLoading().metadata().properties().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void installedSignatures_hasOneMore_whenAJarOnThePathNamesIt(@TempDir Path jar)
      throws IOException {
    Path services = Files.createDirectories(jar.resolve("META-INF/services"));
    Files.writeString(
        services.resolve("org.kmodwatch.core.signature.Signature"), Installed.class.getName());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      assertThat(Engine.installedSignatures())
          .extracting(s -> s.metadata().id())
          .contains("TEST-1", "TRC-1017");
    } finally {
      thread.setContextClassLoader(before);
    }
    assertThat(Engine.installedSignatures())
        .extracting(s -> s.metadata().id())
        .contains("TRC-1017")
        .doesNotContain("TEST-1");
  }

  private static Signature raising(String id, List<EventSelector> selectors) {
    return new TestSignature(id, selectors, (event, verdict) -> verdict.raise(null));
  }

  /** ServiceLoader finds this signature. */
  public static final class Installed extends TestSignature {
    /** Creates the signature for ServiceLoader. */
    public Installed() {
      super("TEST-1", ALL, (event, verdict) -> {});
    }
  }

  public static class TestSignature implements Signature {
    private final SignatureMetadata metadata;
    private final List<EventSelector> selectors;
    private final BiConsumer<Event, Verdict> judge;

    TestSignature(String id, List<EventSelector> selectors, BiConsumer<Event, Verdict> judge) {
      this.metadata = new SignatureMetadata(id, "1", id, "e", "d", null, Map.of());
      this.selectors = selectors;
      this.judge = judge;
    }

    @Override
    public SignatureMetadata metadata() {
      return metadata;
    }

    @Override
    public List<EventSelector> selectedEvents() {
      return selectors;
    }

    @Override
    public void onEvent(Event event, Verdict verdict) {
      judge.accept(event, verdict);
    }
  }

  private static final class Recorder implements EngineListener {
    private final List<String> said = new ArrayList<>();
    private @Nullable RuntimeException failure;

    @Override
    public void onFinding(Finding finding) {
      said.add(finding.metadata().id() + " finding");
      failIfAsked();
    }

    @Override
    public void onMalformed(SignatureMetadata signature, Event event, String reason) {
      said.add(signature.id() + " malformed " + reason);
      failIfAsked();
    }

    @Override
    public void onFailure(SignatureMetadata signature, Phase phase, Throwable failure) {
      said.add(signature.id() + " " + phase + " " + failure.getMessage());
    }

    private void failIfAsked() {
      if (failure != null) {
        throw failure;
      }
    }
  }
}
