package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.agent.EventBuilder.event;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerOptions;

class PipelineTest {

  @Test
  void namesOfEvents_areCountedTogether_whereTheyAreLongerThanAnyIs() throws IOException {
    Pipeline pipeline = pipeline();
    for (int i = 0; i < 3; i++) {
      pipeline.accept(event("x".repeat(1000) + i).build());
    }
    pipeline.accept(event("module_load").build());

    assertThat(pipeline.eventsByName()).containsEntry("(other)", 3L).containsKey("module_load");
    assertThat(pipeline.eventsByName().keySet()).allMatch(name -> name.length() < 200);
  }

  private static Pipeline pipeline() {
    return new Pipeline(
        List.of(),
        List.of(),
        new Cli().shell(new ByteArrayOutputStream()),
        LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null),
        Policy.none(),
        Duration.ZERO,
        Pipeline.BeforeLoad.NOTHING,
        (record, basis) -> {});
  }
}
