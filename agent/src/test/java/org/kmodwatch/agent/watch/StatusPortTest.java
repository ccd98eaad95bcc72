package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.status.Health;
import org.kmodwatch.agent.status.ListenAddress;
import org.kmodwatch.agent.status.StatusServer;

class StatusPortTest {

  private final List<String> notes = new CopyOnWriteArrayList<>();

  @Test
  void port_isListenedOn_onceWhoHasItLetsItGo() throws Exception {
    var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    int number = taken.getLocalPort();
    ListenAddress address = ListenAddress.parse(Integer.toString(number));
    try (StatusPort port =
        StatusPort.open(() -> server(address), address, Duration.ofMillis(20), notes::add)) {
      assertThat(port).isNotNull();
      assertThat(notes)
          .containsExactly(
              "cannot listen on --listen %s, trying again every 0 s: Address already in use; remedy: give another port or stop who has it"
                  .formatted(address));

      taken.close();

      await().untilAsserted(() -> assertThat(notes).hasSize(2));
      assertThat(notes.getLast())
          .startsWith("metrics and health: http://127.0.0.1:%d/".formatted(number));
    }
  }

  private static StatusServer server(ListenAddress address) throws java.io.IOException {
    return StatusServer.start(
        address, List.of(), MetricSnapshots::new, () -> new Health(List.of()), note -> {});
  }
}
