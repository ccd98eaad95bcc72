package org.kmodwatch.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A recording of two hosts: what has the same numbers on both is not the same. */
@NullMarked
class TwoHostsTest {

  private static final JsonMapper JSON = JsonMapper.shared();

  @Test
  void eventsOfTwoHosts_inTurns_areTwoRecords() {
    String events =
        tracee("a", 10, "security_kernel_read_file", 0, "/tmp/a.ko")
            + tracee("b", 20, "security_kernel_read_file", 0, "/root/b.ko")
            + tracee("a", 30, "finit_module", 0, "/tmp/a.ko")
            + tracee("b", 40, "finit_module", -8, "/root/b.ko");

    List<JsonNode> loads = replay(events, "loads");

    assertThat(loads)
        .extracting(
            load ->
                "%s %s %s"
                    .formatted(
                        load.at("/host/name").asString(),
                        load.at("/outcome").asString(),
                        load.at("/file/path").asString()))
        .containsExactly("a loaded /tmp/a.ko", "b failed /root/b.ko");
  }

  @Test
  void secondTryOnAnotherHost_isNone() {
    List<JsonNode> loads =
        replay(
            audit("a", "100.100", 11, 313, "success=no exit=-17")
                + audit("b", "100.900", 12, 175, "success=yes exit=0")
                + audit("b", "101.000", 13, 313, "success=no exit=-17")
                + audit("b", "101.500", 14, 175, "success=yes exit=0"),
            "loads");

    assertThat(loads).hasSize(4);
    assertThat(loads.get(1).has("retryOf")).isFalse();
    assertThat(loads.get(3).get("retryOf").asString()).isEqualTo(loads.get(2).get("id").asString());
  }

  @Test
  void sameAlertOnAnotherHost_isItsFirst() {
    List<JsonNode> alerts =
        replay(
            audit("a", "100.000", 11, 313, "success=yes exit=0")
                + audit("b", "101.000", 12, 313, "success=yes exit=0")
                + audit("b", "102.000", 13, 313, "success=yes exit=0"),
            "alerts");

    assertThat(alerts)
        .extracting(
            alert ->
                "%s %s %d"
                    .formatted(
                        alert.at("/load/host/name").asString(),
                        alert.get("stage").asString(),
                        alert.get("count").asInt()))
        .containsExactly("a first 1", "b first 1", "b summary 2");
  }

  @Test
  void equalNumbersOnTwoHosts_areTwoIds_andTheFirstIsAsOfOneHost() {
    String first = audit("a", "100.000", 11, 313, "success=yes exit=0");
    String second = audit("b", "100.000", 11, 313, "success=yes exit=0");

    List<JsonNode> loads = replay(first + second, "loads");

    assertThat(loads).hasSize(2);
    String id = replay(first, "loads").getFirst().get("id").asString();
    assertThat(id).isEqualTo(replay(second, "loads").getFirst().get("id").asString());
    assertThat(loads.get(0).get("id").asString()).isEqualTo(id);
    assertThat(loads.get(1).get("id").asString()).startsWith(id + "-");
  }

  /** "nodeAa" and "nodeBB" have the same hash code. */
  @Test
  void equalNumbersOnHostsOfSimilarNames_areSoManyIds() {
    String events =
        audit("x", "100.000", 11, 313, "success=yes exit=0")
            + audit("nodeAa", "100.000", 11, 313, "success=yes exit=0")
            + audit("nodeBB", "100.000", 11, 313, "success=yes exit=0");

    assertThat(replay(events, "loads"))
        .extracting(load -> load.get("id").asString())
        .hasSize(3)
        .doesNotHaveDuplicates();
  }

  /** An hour is more than anything is waited for; a clock may be as wrong as that. */
  @Test
  void requestOfOneHost_isNotOverdue_byTheClockOfAnother() {
    String ofOther = at("b", 3600, "module_load", 0, "dummy");
    String request = at("a", 0, "security_kernel_module_request", 0, "net-pf-38");
    String load = at("a", 2, "init_module", 0, "af_alg");
    String laterOfOther = at("b", 3603, "module_load", 0, "dummy2");

    assertThat(replay(request + ofOther + load + laterOfOther, "loads"))
        .filteredOn(record -> record.get("action").asString().equals("request"))
        .isEmpty();
    assertThat(replay(ofOther + request + laterOfOther + load, "loads"))
        .filteredOn(record -> record.get("action").asString().equals("request"))
        .isEmpty();
  }

  /** Where nothing came of it, its own host's clock says so, however wrong that is. */
  @Test
  void requestThatLedToNothing_isReported_whenItsHostsTimeIsUp() {
    String others = at("b", 3600, "module_load", 0, "dummy");
    String request = at("a", 0, "security_kernel_module_request", 0, "net-pf-38");
    // To unload is no answer to a request.
    String later = at("a", 90, "delete_module", -2, "dummy");

    assertThat(replay(others + request + later, "loads"))
        .filteredOn(record -> record.get("action").asString().equals("request"))
        .singleElement()
        .satisfies(
            record ->
                assertThat(record.get("reason").asString())
                    .startsWith("no load was seen for it within"));
  }

  private static String at(String host, int second, String name, int returned, String argument) {
    return """
    {"timestamp":%d000000000,"processId":4111,"threadId":4111,"hostProcessId":4111,\
    "hostThreadId":4111,"userId":0,"processName":"modprobe","hostName":"%s","eventId":"1",\
    "eventName":"%s","argsNum":1,"returnValue":%d,"args":[{"name":"name","type":"const char*",\
    "value":"%s"}]}
    """
        .formatted(1_764_000_000 + second, host, name, returned, argument);
  }

  private static List<JsonNode> replay(String input, String output) {
    Cli.Result result = new Cli().withInput(input.getBytes(UTF_8)).run("replay", "-o", output, "-");
    assertThat(result.status()).as(result.err()).isZero();
    return result.outLines().stream().map(JSON::readTree).toList();
  }

  private static String tracee(String host, int nanos, String name, int returned, String path) {
    return """
    {"timestamp":17640000000000000%d,"processId":4111,"threadId":4111,"hostProcessId":4111,\
    "hostThreadId":4111,"userId":0,"processName":"insmod","hostName":"%s","eventId":"1",\
    "eventName":"%s","argsNum":2,"returnValue":%d,"args":[{"name":"pathname","type":"const char*",\
    "value":"%s"},{"name":"type","type":"string","value":"kernel-module"}]}
    """
        .formatted(nanos, host, name, returned, path);
  }

  private static String audit(String node, String time, int serial, int call, String result) {
    String head = "node=%s type=%%s msg=audit(1764000%s:%d): ".formatted(node, time, serial);
    return head.formatted("SYSCALL")
        + ("arch=c000003e syscall=%d %s a0=3 a1=0 a2=0 a3=0 items=0 ppid=4100 pid=4111 auid=1000"
                + " uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3"
                + " comm=\"insmod\" exe=\"/usr/bin/kmod\" subj=unconfined key=\"modules\"\n")
            .formatted(call, result)
        + head.formatted("KERN_MODULE")
        + "name=\"dummy\"\n"
        + head.formatted("PROCTITLE")
        + "proctitle=696E736D6F64002F746D702F64756D6D792E6B6F\n";
  }
}
