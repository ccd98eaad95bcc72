package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.FINDING;
import static org.kmodwatch.core.builtin.Judging.data;
import static org.kmodwatch.core.builtin.Judging.inContainer;
import static org.kmodwatch.core.builtin.Judging.judge;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord.Outcome;

@NullMarked
class ContainerLoadTest {

  private static final String ID =
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  private static final String CGROUP = "/system.slice/docker-" + ID + ".scope";

  private final ContainerLoad signature = new ContainerLoad();

  @Test
  void raises_whenTheLoaderIsInAContainer() {
    assertThat(judge(signature, load().loaderIn(CGROUP)))
        .containsExactly(data(Map.of("loader", Value.of(ID))));
  }

  @Test
  void raises_whenTheRequesterIs_thoughModprobeRunsOnTheHost() {
    assertThat(judge(signature, load().requester("net-pf-38", 0, CGROUP)))
        .containsExactly(data(Map.of("requester", Value.of(ID))));
  }

  @Test
  void raises_onAnAttemptThatWasRefused() {
    assertThat(judge(signature, load().loaderIn(CGROUP).outcome(Outcome.REFUSED)))
        .containsExactly(data(Map.of("loader", Value.of(ID))));
  }

  @Test
  void raises_whenOnlyTheRecordOrTheEventNamesAContainer() {
    assertThat(judge(signature, load().container("c1")))
        .containsExactly(data(Map.of("container", Value.of("c1"))));
    assertThat(
            judge(
                signature,
                load().by(null),
                inContainer(new ContainerContext("c2", null, null, null, null), false)))
        .containsExactly(data(Map.of("container", Value.of("c2"))));
  }

  @Test
  void raises_whenTheEventIsFromAContainerWithoutAName() {
    assertThat(judge(signature, load(), inContainer(ContainerContext.NONE, true)))
        .containsExactly(FINDING);
  }

  @Test
  void isSilent_onTheHost() {
    assertThat(judge(signature, load())).isEmpty();
    assertThat(judge(signature, load().requester("net-pf-38", 65534, "/system.slice/cron.service")))
        .isEmpty();
    assertThat(judge(signature, load().requester("net-pf-38", 65534, null).by(null))).isEmpty();
    assertThat(judge(signature, load().container(""))).isEmpty();
    assertThat(judge(signature, load().loaderIn(CGROUP).unloaded())).isEmpty();
  }
}
