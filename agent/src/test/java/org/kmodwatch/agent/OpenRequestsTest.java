package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.agent.EventBuilder.event;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;

class OpenRequestsTest {

  private static final long START = 1_795_377_600_123_456_789L;

  private final OpenRequests requests = new OpenRequests();

  @Test
  void request_isOne_thoughTheKernelHasTwoEvents() {
    Event asked = hook("net-pf-99", 77);
    requests.event(asked);
    requests.event(event("module_request").by("curl", 77, 1000).with("name", "net-pf-99").build());
    assertThat(requests.take()).isEmpty();
    requests.tick(START + OpenRequests.PATIENCE.toNanos() - 1);
    assertThat(requests.take()).isEmpty();
    requests.tick(START + OpenRequests.PATIENCE.toNanos());
    assertThat(requests.take()).containsExactly(asked);
    assertThat(requests.take()).isEmpty();
  }

  @Test
  void load_answersAllWhoAskedForIt() {
    requests.event(hook("net-pf-38", 77));
    requests.event(hook("net-pf-38", 78));
    requests.event(hook("net-pf-99", 78));
    requests.joined(
        Loads.load("af_alg").askedBy("net-pf-38", Loads.process("x", 77, 0), null).build());
    requests.finish();
    assertThat(requests.take()).containsExactly(hook("net-pf-99", 78));
  }

  @Test
  void loadThatIsUnderWay_answersWhoAskedForIt_whateverBecomesOfIt() {
    requests.event(hook("net-pf-38", 77));
    requests.event(hook("net-pf-99", 78));
    requests.event(loading("net-pf-38", null));
    requests.event(loading("net-pf-99", "/usr/bin/dash"));
    requests.finish();

    assertThat(requests.take()).containsExactly(hook("net-pf-99", 78));
  }

  /** A call that has not returned, of a modprobe that was started by {@code parent}. */
  private static Event loading(String alias, @Nullable String parent) {
    var task =
        new SensorContext.Task(
            0,
            null,
            null,
            0,
            Map.of(),
            "/",
            List.of("/sbin/modprobe", "-q", "--", alias),
            false,
            List.of(new SensorContext.Ancestor(33, "kworker/u8:1", parent, 9)),
            null);
    return event("finit_module").returned(null).by(task).build();
  }

  @Test
  void loadThatNobodyAskedFor_answersNobody() {
    requests.event(hook("net-pf-38", 77));
    requests.joined(Loads.load("af_alg").build());
    requests.finish();
    assertThat(requests.take()).hasSize(1);
  }

  @Test
  void refusedRequest_isToldAtOnce() {
    Event refused =
        event("security_kernel_module_request").with("kmod_name", "a").returned(-1L).build();
    requests.event(refused);
    assertThat(requests.take()).containsExactly(refused);
    requests.finish();
    assertThat(requests.take()).isEmpty();
  }

  @Test
  void flood_isBounded() {
    for (int i = 0; i < OpenRequests.MAX_OPEN + 3; i++) {
      requests.event(hook("a" + i, 1));
    }
    assertThat(requests.take()).hasSize(3).first().isEqualTo(hook("a0", 1));
  }

  @Test
  void floodOfLargeRequests_isBoundedByBytes() {
    String longName = "x".repeat(50_000);
    for (int i = 0; i < 200; i++) {
      requests.event(hook(longName + i, 1));
    }
    assertThat(requests.take()).hasSizeBetween(100, 150).first().isEqualTo(hook(longName + 0, 1));

    requests.tick(Long.MAX_VALUE);
    assertThat(requests.take()).hasSizeBetween(50, 100);
  }

  private static Event hook(String alias, int pid) {
    return event("security_kernel_module_request")
        .by("curl", pid, 1000)
        .with("kmod_name", alias)
        .build();
  }
}
