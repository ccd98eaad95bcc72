package org.kmodwatch.agent.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostNamesTest {

  private static HostNames listeningOn(String address, String... names) {
    return new HostNames(InetAddress.ofLiteral(address), List.of(names));
  }

  @Test
  void loopbackListener_allowsLoopbackAlone() {
    HostNames names = listeningOn("127.0.0.1");
    assertThat(
            List.of(
                "127.0.0.1", "127.0.0.1:9464", "localhost:1", "LOCALHOST.", "a.localhost", "[::1]"))
        .allMatch(names::allow);
    assertThat(
            List.of(
                "evil.example",
                "evil.example:9464",
                "192.0.2.1",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "user@localhost",
                "[::1",
                "",
                "localhost:x"))
        .noneMatch(names::allow);
  }

  @Test
  void listenerOnOneAddress_allowsItToo_andNamesThatAreGiven() {
    HostNames names = listeningOn("192.0.2.1", "Node1.example");
    assertThat(List.of("192.0.2.1:9464", "node1.example:9464")).allMatch(names::allow);
    assertThat(List.of("192.0.2.2", "node2.example")).noneMatch(names::allow);
  }

  @Test
  void listenerOnAllAddresses_allowsAnyAddress_andNoName() {
    HostNames names = listeningOn("::");
    assertThat(List.of("192.0.2.1:9464", "[2001:db8::1]:9464")).allMatch(names::allow);
    assertThat(names.allow("evil.example")).isFalse();
  }
}
