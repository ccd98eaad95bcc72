package org.kmodwatch.agent.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;
import org.kmodwatch.core.load.LoadRecord.Place;
import org.kmodwatch.core.write.LoadWriter;

class PolicyCommandTest {

  private static final String POLICY =
      """
      policy:
        - name: signed
          owner: me
          reason: because
          when: image.signature.status == "valid"
          verdict: expected
        - name: never
          owner: me
          reason: because
          when: module.name == "nothing is called that"
          verdict: alert
      """;

  @TempDir Path folder;

  private Path policy(String text) throws IOException {
    return Files.writeString(folder.resolve("policy.yaml"), text);
  }

  private Path recording(List<LoadRecord> loads) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var writer = new LoadWriter();
    for (LoadRecord load : loads) {
      writer.write(load, bytes);
    }
    return Files.write(folder.resolve("loads.ndjson"), bytes.toByteArray());
  }

  private static LoadRecord module(
      String name, Place place, ModuleSignature.Status status, @Nullable PackageOwner owner) {
    String signer = status == ModuleSignature.Status.VALID ? "The \"key\"" : null;
    return load(name)
        .findings("TRC-1017")
        .intree("hash-of-" + name, new ModuleSignature(status, signer, null, null))
        .from("/lib/m/" + name + ".ko", place, owner)
        .build();
  }

  private static LoadRecord signed(String name) {
    return module(name, Place.DISTRIBUTION, ModuleSignature.Status.VALID, null);
  }

  private static LoadRecord packaged(String name, boolean changed) {
    return module(
        name,
        Place.UPDATES,
        ModuleSignature.Status.UNSIGNED,
        new PackageOwner("dpkg", "wifi-dkms", "1.0", changed));
  }

  @Test
  void test_saysWhatWouldChange() throws IOException {
    Path loads =
        recording(
            List.of(
                signed("ext4"),
                packaged("wifi", true),
                packaged("wifi", true),
                load("was there").preExisting().build(),
                load("gone").unloaded().build()));

    Cli.Result result =
        new Cli()
            .run("policy", "test", "--fail-on-alert", policy(POLICY).toString(), loads.toString());

    assertThat(result.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(result.out())
        .isEqualTo(
            """
            RULE       VERDICT   LOADS  OWNER  EXPIRES
            signed     expected  1      me     never
            never      alert     0      me     never
            (no rule)            3

            4 loads: 3 would alert without a policy, 2 with it

            ALERTS  MODULE  FROM            OUTCOME  RULE  FINDINGS
            2       wifi    /lib/m/wifi.ko  loaded   -     TRC-1017

            rules that never spoke: never
            """);
  }

  @Test
  void test_cutsLongTextsOfTheTable_andCountsTheKinds() throws IOException {
    var loads = new ArrayList<LoadRecord>();
    for (int i = 0; i < 30; i++) {
      loads.add(packaged(i + "x".repeat(5000), true));
      loads.add(packaged(i + "x".repeat(5000), true));
    }

    Cli.Result result =
        new Cli().run("policy", "test", policy(POLICY).toString(), recording(loads).toString());

    assertThat(result.out()).contains("x…").contains("and 10 more kinds of loads\n");
    assertThat(result.out().length()).isLessThan(30_000);
  }

  @Test
  void test_countsNoMoreKindsThanItKeeps() throws IOException {
    var loads = new ArrayList<LoadRecord>();
    for (int i = 0; i < 17_000; i++) {
      loads.add(packaged("m" + i, true));
    }

    Cli.Result result =
        new Cli().run("policy", "test", policy(POLICY).toString(), recording(loads).toString());

    assertThat(result.out()).contains("and more than 16364 more kinds of loads\n");
  }

  @Test
  void learn_leavesToAPerson_whatWouldTakeTooMuchMemory() throws IOException {
    var loads = new ArrayList<LoadRecord>();
    for (int i = 0; i < 100; i++) {
      loads.add(signed(i + "x".repeat(1 << 18)));
    }
    loads.add(signed("0" + "x".repeat(1 << 18)));

    Cli.Result learned = new Cli().run("policy", "learn", recording(loads).toString());

    assertThat(learned.status()).isZero();
    assertThat(learned.err())
        .isEqualTo(
            "32 of 101 loads covered by 1 proposed rules; left to you: 69 past the"
                + " 16 MiB of names, signers and hashes that are learned at once\n");
  }

  @Test
  void test_judgesEventsToo() throws IOException {
    Cli.Result result =
        new Cli()
            .run(
                "policy",
                "test",
                policy(POLICY).toString(),
                "../core/src/test/resources/recordings/flat.ndjson");

    assertThat(result.status()).isZero();
    assertThat(result.out()).contains(" would alert without a policy, ");
  }

  @Test
  void learn_proposesByWhoVouches_andLeavesTheRest() throws IOException {
    Path loads =
        recording(
            List.of(
                signed("ext4"),
                signed("dummy"),
                packaged("wifi", false),
                packaged("tampered", true),
                module("evil", Place.TEMPORARY, ModuleSignature.Status.VALID, null),
                module("odd", Place.DISTRIBUTION, ModuleSignature.Status.UNKNOWN_KEY, null),
                load("mem").memory(9).findings("TRC-1017", "KMW-1001").build(),
                load("no").refused().findings("TRC-1017").build()));

    Cli.Result learned = new Cli().run("policy", "learn", loads.toString());

    assertThat(learned.status()).isZero();
    assertThat(learned.err())
        .isEqualTo(
            "3 of 8 loads covered by 2 proposed rules; left to you: 1 from a place where modules do"
                + " not belong, 1 from memory, or from a file that is not known, 2 neither signed"
                + " by a trusted key nor of a package that is as it was shipped, 1 refused or"
                + " failed\n");
    Path rules = policy(learned.out());
    assertThat(new Cli().run("policy", "check", rules.toString()).out())
        .isEqualTo(rules + ": 2 rules, all well\n");
    assertThat(new Cli().run("policy", "test", rules.toString(), loads.toString()).outLines())
        .contains("8 loads: 8 would alert without a policy, 5 with it")
        .noneMatch(line -> line.contains(" ext4 ") || line.contains(" wifi "));
  }

  @Test
  void learn_neverGoesByTheNameOfAProcess() throws IOException {
    String rules =
        new Cli().run("policy", "learn", recording(List.of(signed("ext4"))).toString()).out();

    assertThat(rules).doesNotContain("insmod", "loader", "requester");
  }

  @Test
  void badLine_isNamed_andTheOthersCount() throws IOException {
    Path loads = recording(List.of(signed("ext4")));
    Files.writeString(
        loads, Files.readString(loads, StandardCharsets.UTF_8) + "{\"schema\":\"x\"}\n");

    Cli.Result result =
        new Cli().run("policy", "test", policy(POLICY).toString(), loads.toString());

    assertThat(result.status()).isZero();
    assertThat(result.out()).contains("1 load: 1 would alert without a policy, 0 with it");
    assertThat(result.err()).isEqualTo(loads + ":2: schema is not kmodwatch.load/1 but x\n");
  }

  @Test
  void test_escapesTheNamesOfRules_thatNeverSpoke() throws IOException {
    String policy =
        "policy:\n"
            + "- {name: \"r\\e[31m\", owner: o, reason: r, when: 'module.name == \"x\"', verdict:"
            + " alert}\n";

    Cli.Result result =
        new Cli()
            .run(
                "policy",
                "test",
                policy(policy).toString(),
                recording(List.of(signed("ext4"))).toString());

    assertThat(result.out()).endsWith("rules that never spoke: r\\x1b[31m\n");
  }

  @Test
  void lineWithoutEnd_isPassedOver_andTheOthersCount() throws IOException {
    Path loads = recording(List.of(signed("ext4")));
    String record = Files.readString(loads, StandardCharsets.UTF_8);
    Files.writeString(loads, record + "x".repeat(17 << 20) + "\n\n" + record.strip());

    Cli.Result result =
        new Cli().run("policy", "test", policy(POLICY).toString(), loads.toString());

    assertThat(result.status()).isZero();
    assertThat(result.out()).contains("2 loads: 2 would alert without a policy, 0 with it");
    assertThat(result.err()).isEqualTo(loads + ":2: longer than 16777216 bytes\n");
  }

  @Test
  void recordsWhoseCompressedDataIsDamaged_endWith69() throws IOException {
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      for (int i = 0; i < 100; i++) {
        gzip.write(Files.readAllBytes(recording(List.of(signed("ext4")))));
      }
    }
    Path half = folder.resolve("half.gz");
    Files.write(half, Arrays.copyOf(compressed.toByteArray(), compressed.size() / 2));

    Cli.Result result = new Cli().run("policy", "test", policy(POLICY).toString(), half.toString());

    assertThat(result.status()).isEqualTo(69);
    assertThat(result.err())
        .startsWith("kmodwatch: cannot read %s: ".formatted(half))
        .endsWith("gzip data ends early\n");
  }

  @Test
  void fileWithoutRules_isNamedWithTheRemedy() throws IOException {
    Path file = policy("listen: 9110\n");

    assertThat(new Cli().run("policy", "check", file.toString()).err())
        .isEqualTo(
            "kmodwatch: there is no rule in %s; write them under the key policy, or see kmodwatch policy learn\n"
                .formatted(file));
  }
}
