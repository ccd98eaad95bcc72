package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServiceManagerTest {

  private static final long SECOND = 1_000_000_000L;

  private final List<String> messages = new ArrayList<>();
  private long now;

  @Test
  void messages_areThoseOfTheProtocol_andAStatusIsSentOnce() {
    ServiceManager manager = manager(Map.of());

    manager.ready();
    manager.status("armed: 24 of 24 hooks");
    manager.status("armed: 24 of 24 hooks");
    manager.stopping();

    assertThat(messages).containsExactly("READY=1", "STATUS=armed: 24 of 24 hooks", "STOPPING=1");
  }

  @Test
  void signOfLife_isSentSixTimesWithinTheLimit_howeverOftenItIsGiven() {
    ServiceManager manager = manager(Map.of("WATCHDOG_USEC", "180000000"));

    for (int second = 0; second < 180; second++) {
      manager.alive();
      now += SECOND;
    }

    assertThat(messages).hasSize(6).containsOnly("WATCHDOG=1");
  }

  @Test
  void signOfLife_isNotSent_withoutALimit_orWithAnotherProcesss() {
    manager(Map.of()).alive();
    manager(Map.of("WATCHDOG_USEC", "180000000", "WATCHDOG_PID", "1")).alive();
    manager(Map.of("WATCHDOG_USEC", "soon")).alive();

    assertThat(messages).isEmpty();
  }

  @Test
  void message_isDropped_whenNobodyIsThereToTakeIt() {
    ServiceManager toAPath =
        ServiceManager.of(Map.of("NOTIFY_SOCKET", "/nonexistent/notify"), () -> now);
    ServiceManager toAName =
        ServiceManager.of(Map.of("NOTIFY_SOCKET", "@kmodwatch-nobody"), () -> now);

    toAPath.ready();
    toAName.ready();
  }

  private ServiceManager manager(Map<String, String> variables) {
    return ServiceManager.of(variables, messages::add, () -> now);
  }
}
