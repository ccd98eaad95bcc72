package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Tests the policy of docs/how-to/policy.md, learned rules, and SIGHUP, on a real kernel. */
final class PolicyIT {

  private static final Duration GUEST_LIMIT = Duration.ofMinutes(10);

  /** One kernel is enough: other tests check the records, where kernels differ. */
  private static final String KERNEL = "6.12";

  private static final String OWN = "the distribution's own";

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static LabResult result;

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static List<JsonNode> loads;

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static List<JsonNode> alerts;

  @BeforeAll
  static void boot() throws IOException {
    Path policy = Files.createTempFile("policy", ".yaml");
    try {
      Files.writeString(policy, policyOfPage());
      LabRun run = LabRun.of(KERNEL, Resources.text("policy.sh")).withTimeout(GUEST_LIMIT);
      for (String module : List.of("kw_plain", "kw_params")) {
        run = run.withFile(Lab.testModule(KERNEL, module));
      }
      result = Boots.run(run.withFile(AddedFile.parse(policy + ":/root/policy.yaml")));
    } finally {
      Files.delete(policy);
    }
    assertThat(result.exitStatus()).isZero();
    loads = lines("policy.ndjson");
    alerts = lines("alerts.ndjson");
  }

  private static String policyOfPage() throws IOException {
    String page = Files.readString(Checkout.find().root().resolve("docs/how-to/policy.md"));
    Matcher block = Pattern.compile("(?m)^    policy:\n(?:^    .*\n)+").matcher(page);
    assertThat(block.find()).as("the page has a policy").isTrue();
    // Without this, the last newline would count as a line without indent.
    return block.group().stripTrailing().stripIndent() + "\n";
  }

  private static Path file(String name) {
    return result.guestLog().resolveSibling(name);
  }

  private static String text(String name) throws IOException {
    return Files.readString(file(name), StandardCharsets.UTF_8);
  }

  private static List<JsonNode> lines(String name) {
    return JsonLines.of(file(name));
  }

  private static Stream<JsonNode> loadsOf(String module) {
    return loads.stream()
        .filter(load -> load.at("/action").asString().equals("load"))
        .filter(load -> load.at("/module/name").asString("").equals(module));
  }

  private static Stream<JsonNode> alertsOn(String module) {
    return alerts.stream()
        .filter(alert -> alert.at("/load/module/name").asString("").equals(module));
  }

  @Test
  void theDistributionsModules_areExpected_andTheirRecordsSayByWhichRule() {
    for (String module : List.of("dummy", "ifb", "veth", "macvlan")) {
      assertThat(loadsOf(module))
          .as(module)
          .isNotEmpty()
          .allSatisfy(
              load -> {
                assertThat(load.at("/policy/verdict").asString()).isEqualTo("expected");
                assertThat(load.at("/policy/rule").asString()).isEqualTo(OWN);
                assertThat(load.at("/findings/0").asString()).isEqualTo("TRC-1017");
              });
      assertThat(alertsOn(module)).as(module).isEmpty();
    }
  }

  @Test
  void theUnsignedModule_alertsOnce_andIsSummedUp() {
    List<JsonNode> first =
        alertsOn("kw_plain")
            .filter(alert -> alert.at("/load/file/path").asString("").equals("/srv/kw_plain.ko"))
            .toList();
    assertThat(first).hasSize(1);
    List<JsonNode> told =
        alerts.stream()
            .filter(alert -> alert.at("/id").equals(first.getFirst().at("/id")))
            .toList();

    assertThat(told)
        .extracting(alert -> alert.at("/stage").asString())
        .containsExactly("first", "summary");
    // 20 loads are from /srv; one is of the same bytes by the same process from updates/.
    assertThat(told).extracting(alert -> alert.at("/count").asInt()).containsExactly(1, 21);
    assertThat(told.getFirst().at("/signatures/0/id").asString()).isEqualTo("KMW-1004");
    assertThat(told.getFirst().at("/load/policy/verdict").asString()).isEqualTo("alert");
  }

  @Test
  void whateverStandsOut_alerts() {
    assertThat(alertsOn("kw_params")).as("from memory").hasSize(1);
    assertThat(alertsOn("kw_plain").map(alert -> alert.at("/load/file/place").asString("")))
        .contains("memfd", "temporary", "updates");
    assertThat(alertsOn("af_alg").map(alert -> alert.at("/load/findings").toString()))
        .as("a distribution's module that nobody with a right to asked for")
        .containsExactly("[\"TRC-1017\",\"KMW-1007\"]");
  }

  @Test
  void wrongConfiguration_isToldWithItsLine_andTheOldOneStays() throws IOException {
    assertThat(text("policy.log").lines())
        .contains(
            "kmodwatch: /root/kmodwatch.yaml:2:46: policy[1].when: in the condition at 1:1: there"
                + " is nothing called modul; did you mean module?",
            "kmodwatch: the configuration stays as it was; mend it and send SIGHUP again");
  }

  @Test
  void newConfiguration_countsFromTheNextLoadOn() throws IOException {
    assertThat(text("policy.log").lines()).contains("configuration: read anew: 1 sink, 2 rules");
    assertThat(loadsOf("bonding").map(load -> load.at("/policy/rule").asString()))
        .containsExactly("no bonds here");
    assertThat(alertsOn("bonding")).hasSize(1);
    assertThat(text("policy.log"))
        .doesNotContain("never spoke")
        .containsPattern("(?m)^alerts: delivered \\d+, refused 0, dropped or lost 0, waiting 0$");
  }

  @Test
  void learnedRules_coverTheBoot_andNoneOfTheAttacks() throws IOException {
    assertThat(text("learn.log"))
        .containsPattern("(?m)^(\\d+) of \\1 loads covered by \\d+ proposed rules$");
    assertThat(lines("boot.ndjson").stream().filter(l -> !l.at("/preExisting").asBoolean()))
        .hasSizeGreaterThanOrEqualTo(20);
    assertThat(text("learned.yaml")).doesNotContain("loader.", "requester.", "comm");
    assertThat(text("test-boot.txt"))
        .containsPattern("(?m)^\\d+ loads: [1-9]\\d* would alert without a policy, 0 with it$");
    // 20 and 1 are from files; the others are from memory, memfd, /tmp and updates, and the
    // autoload. Their unloads raise no alert.
    assertThat(
            text("test-attacks.txt").lines().filter(line -> line.matches("\\d+ +(kw_|af_alg).*")))
        .extracting(line -> line.replaceAll(" +", " ").replaceAll("^(\\d+ \\S+ \\S+) .*", "$1"))
        .contains(
            "20 kw_plain /srv/kw_plain.ko", "1 kw_params memory", "1 kw_plain /tmp/kw_plain.ko")
        .anyMatch(line -> line.startsWith("1 af_alg /"))
        .anyMatch(line -> line.startsWith("1 kw_plain /memfd:"))
        .anyMatch(line -> line.endsWith("/updates/kw_plain.ko"));
  }
}
