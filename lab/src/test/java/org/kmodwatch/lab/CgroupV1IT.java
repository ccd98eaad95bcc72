package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Tests a machine with cgroup version 1 and a kernel that runs without the BPF LSM: no record has
 * less.
 */
@Guest(
    script = "cgroup-v1.sh",
    modules = "kw_plain",
    kernelArguments = "lsm=landlock,lockdown,yama")
record CgroupV1IT(GuestRecord guest) {

  private static final String CONTAINER =
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

  @Test
  void loads_areWhole_withTheirFinding() {
    for (String name : List.of("outside", "inside")) {
      JsonNode load = guest.load(name);

      assertThat(load.get("outcome").asString()).as(name).isEqualTo("loaded");
      assertThat(load.at("/file/path").asString()).as(name).isEqualTo("/root/kw_plain.ko");
      assertThat(load.at("/image/sha256").asString()).as(name).hasSize(64);
      assertThat(load.has("gaps")).as(name).isFalse();
      assertThat(guest.findingsOf(name, "TRC-1017")).as(name).hasSize(1);
    }
    assertThat(guest.load("delete-inside").get("outcome").asString()).isEqualTo("unloaded");
    assertThat(guest.ledger().at("/sensor/lost").asLong()).isZero();
  }

  @Test
  void container_isToldByTheCgroupOfVersion1() {
    JsonNode inside = guest.load("inside");

    assertThat(inside.at("/loader/cgroup").asString()).isEqualTo("/docker/" + CONTAINER);
    assertThat(inside.at("/container/id").asString()).isEqualTo(CONTAINER);
    assertThat(guest.load("inside-refused").at("/container/id").asString()).isEqualTo(CONTAINER);
    assertThat(guest.load("outside").has("container")).isFalse();
  }

  @Test
  void doctor_findsNothingLess() {
    assertThat(guest.log())
        .contains("doctor status 0")
        .containsPattern("BPF LSM +not in [a-z,]*; no hook needs it")
        .contains("kmodwatch watch works here\n")
        .doesNotContain("degraded");
  }
}
