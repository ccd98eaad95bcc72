package org.kmodwatch.agent.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.MainTest;

class ReplayCommandTest {

  private static final Path RECORDINGS = Path.of("src/test/resources/recordings");

  @TempDir Path folder;

  @Test
  void bothForms_areReplayed_intoOneTable() {
    Cli.Result result =
        new Cli().run("replay", "-o", "table", file("flat.ndjson"), file("protobuf.ndjson"));
    assertThat(result.status()).isZero();
    assertThat(result.out())
        .isEqualTo(
            """
            TIME                     WHAT      WHO                                 MODULE                    OUTCOME
            2026-11-22 20:00:00.122  load      insmod[4242] uid 0                  dummy                     loaded  TRC-1017
            2026-11-22 20:00:05.123  load      insmod[4300] uid 0                  (24576 bytes)             refused: the signature is missing, the kernel does not have its key, or it is wrong; which is not known (EKEYREJECTED) [memory]  TRC-1017
            2026-11-22 20:00:07.123  unload    rmmod[4400] uid 0                   dummy                     unloaded
            2026-11-22 20:00:10.500  load      modprobe[5001] uid 0                (100 bytes)               failed: the module was not seen to be put in place [memory]  TRC-1017
                returnValue not known: the call had not returned
            2026-11-22 20:00:10.500  load      modprobe[5000] uid 0                /lib/modules/6.12.117/kernel/fs/xfs/xfs.ko  failed: the module was not seen to be put in place  TRC-1017
                returnValue not known: the input ended before the call returned
            2026-11-22 20:00:06.123  request   curl[77] uid 1000                   net-pf-38                 failed: no load was seen for it before the input ended  KMW-1007
                KMW-1007 Rarely used kernel module requested by an unprivileged user
            """);
    assertThat(result.err())
        .isEqualTo("9 lines, 9 events, 6 loads, 5 findings, 0 bad lines, 0 malformed events\n");
  }

  @Test
  void auditLogsLaurelAndFalco_areReplayed_mixedWithTracee_intoOneTable() throws IOException {
    String tracee = Files.readString(RECORDINGS.resolve("flat.ndjson")).lines().toList().get(0);
    String mixed =
        """
        type=SYSCALL msg=audit(1785585600.123:42): arch=c000003e syscall=313 success=yes exit=0 a0=3 a1=55 a2=0 a3=3 items=0 ppid=900 pid=901 auid=1000 uid=0 euid=0 ses=3 comm="insmod" exe="/usr/bin/kmod" key="modules"
        %s
        type=KERN_MODULE msg=audit(1785585600.123:42): name="x"
        type=PATH msg=audit(1785585600.123:43): item=0 name="/x"
        type=PROCTITLE msg=audit(1785585600.123:42): proctitle=696E736D6F64002F746D702F782E6B6F
        {"ID":"1785585601.000:44","SYSCALL":{"arch":"0x40000003","syscall":129,"exit":-2,"a1":"0x800","ppid":1,"pid":902,"uid":0,"comm":"rmmod"},"KERN_MODULE":[{"name":"y"}],"PROCTITLE":{"ARGV":["rmmod","y"]}}
        {"rule":"Linux Kernel Module Injection Detected","time":"2026-08-01T12:00:02.5Z","hostname":"n1","output_fields":{"evt.type":"init_module","evt.res":"EPERM","proc.name":"evil","proc.pid":903,"user.uid":1000}}
        {"rule":"Terminal shell","time":"2026-08-01T12:00:03Z","hostname":"n1","output_fields":{"evt.type":"execve"}}
        type=SYSCALL msg=audit(1785585604.000:45): arch=c000003e syscall=313 uid=0
        """
            .formatted(tracee);
    Cli.Result result =
        new Cli()
            .withInput(mixed.getBytes(StandardCharsets.UTF_8))
            .run("replay", "-o", "table", "-");

    assertThat(result.status()).isZero();
    assertThat(result.out())
        .contains(
            "insmod[901] uid 0",
            "x (/tmp/x.ko)",
            "rmmod[902] uid 0",
            "evil[903] uid 1000",
            "KMW-1003");
    assertThat(result.err())
        .startsWith("standard input:9: pid is missing\n")
        .endsWith("9 lines, 5 events, 4 loads, 4 findings, 1 bad line, 0 malformed events\n");
  }

  @Test
  void canariesInALogOfAnotherTool_areCountedAndNoLoads_andNothingElseHidesAmongThem() {
    String audit =
        """
        type=SYSCALL msg=audit(1785585600.%1$s:%1$s): arch=c000003e syscall=313 success=no exit=%2$s \
        a0=%3$s a1=7f a2=%4$s a3=0 items=0 ppid=1 pid=%1$s auid=4294967295 uid=998 euid=998 \
        ses=4294967295 comm="sensor" exe="/usr/lib/kmodwatch/runtime/bin/java" key="modules"
        type=PROCTITLE msg=audit(1785585600.%1$s:%1$s): proctitle="java"
        """;
    String tracee =
        """
        {"timestamp":1785585601000000000,"threadStartTime":1,"processorId":1,"processId":%1$s,\
        "threadId":%1$s,"hostProcessId":%1$s,"hostThreadId":%1$s,"userId":0,"processName":"sensor",\
        "hostName":"h","eventId":"313","eventName":"finit_module","returnValue":%2$s,\
        "syscall":"finit_module","args":[{"name":"fd","type":"int32","value":%3$s},\
        {"name":"flags","type":"int32","value":%4$s}]}
        """;
    String input =
        // Canary calls: without CAP_SYS_MODULE, with it, and in Tracee's form.
        audit.formatted("101", "-1", "ffffffffffffffff", "40000001")
            + audit.formatted("102", "-22", "ffffffff", "5a5a5a5a")
            + tracee.formatted("103", "-1", "-1", "1073741825")
            // Not canary calls: an open file, valid flags, or a load's result, known or unknown.
            + audit.formatted("201", "-22", "3", "40000001")
            + audit.formatted("202", "-9", "ffffffffffffffff", "0")
            + audit.formatted("203", "0", "ffffffffffffffff", "40000001")
            + audit.formatted("204", "-8", "ffffffffffffffff", "40000001")
            + audit.formatted("205", "-22", "ffffffffffffffff", "40000001").replace(" exit=-22", "")
            + audit
                .formatted("206", "-22", "ffffffffffffffff", "40000001")
                .replace(
                    "type=PROCTITLE",
                    "type=KERN_MODULE msg=audit(1785585600.206:206): name=\"x\"\ntype=PROCTITLE")
            + audit.formatted("207", "-1", "ffffffffffffffff", "40000001").replace("=313", "=175")
            + tracee.formatted("208", "0", "-1", "1073741825");
    Cli.Result result =
        new Cli()
            .withInput(input.getBytes(StandardCharsets.UTF_8))
            .run("replay", "-o", "loads", "--strict", "-");

    assertThat(result.status()).as(result.err()).isZero();
    assertThat(result.outLines())
        .map(line -> line.replaceAll(".*\"hostPid\":(\\d+).*", "$1"))
        .containsExactlyInAnyOrder("201", "202", "203", "204", "205", "206", "207", "208");
    assertThat(result.err()).endsWith(", 0 malformed events, 3 canary calls left out\n");
  }

  @Test
  void auditEvent_thatGoesOnInTheNextLog_isOneLoad() throws IOException {
    Path first = folder.resolve("audit.log.1");
    Path second = folder.resolve("audit.log");
    Files.writeString(
        first,
        "type=SYSCALL msg=audit(1.123:42): arch=c000003e syscall=313 exit=0 pid=901 uid=0\n");
    Files.writeString(
        second,
        """
        type=KERN_MODULE msg=audit(1.123:42): name="x"
        type=PROCTITLE msg=audit(1.123:42): proctitle="insmod"
        """);
    Cli.Result result = new Cli().run("replay", "-o", "loads", first.toString(), second.toString());

    assertThat(result.outLines())
        .singleElement()
        .asString()
        .contains("\"module\":{\"name\":\"x\"}");
    assertThat(result.err()).contains("0 bad lines");
  }

  @Test
  void auditLog_endsInAnEventWithoutAnEnd_whichIsALoadAllTheSame() {
    Cli.Result result =
        new Cli()
            .withInput(
                "type=SYSCALL msg=audit(1.123:42): arch=c000003e syscall=175 exit=0 pid=9 uid=0\n"
                    .getBytes(StandardCharsets.UTF_8))
            .run("replay", "-o", "loads", "-");

    assertThat(result.outLines()).hasSize(1);
  }

  @Test
  void json_isTheDefault_whereNobodyLooks() {
    Cli.Result result = new Cli().run("replay", file("flat.ndjson"));
    assertThat(result.outLines()).hasSize(3);
    assertThat(result.outLines().subList(0, 2))
        .allMatch(line -> line.startsWith("{\"Data\":null,\"Event\":{\"Headers\":{\"Selector\":"));
    assertThat(result.outLines().getLast()).contains("\"ID\":\"KMW-1007\"", "net-pf-38");
  }

  @Test
  void table_isTheDefault_onATerminal() {
    Cli.Result result =
        new Cli().onTerminal(120).variable("NO_COLOR", "1").run("replay", file("flat.ndjson"));
    assertThat(result.outLines())
        .startsWith(
            "TIME          WHAT      WHO                                 MODULE              "
                + "          OUTCOME",
            "2026-11-22")
        .noneMatch(line -> line.contains("\u001b"));
  }

  @Test
  void colours_areForced_unlessNoneAreWanted() {
    Cli forced = new Cli().variable("FORCE_COLOR", "1");
    assertThat(forced.run("replay", "-o", "table", file("flat.ndjson")).out())
        .contains("\u001b[32mloaded");
    Cli both = new Cli().variable("FORCE_COLOR", "1").variable("NO_COLOR", "1");
    assertThat(both.run("replay", "-o", "table", file("flat.ndjson")).out())
        .doesNotContain("\u001b");
  }

  @Test
  void events_areAllWritten_andReadTheSameAgain() {
    String events = new Cli().run("replay", "-o", "events", file("flat.ndjson")).out();
    assertThat(events.lines()).hasSize(7);
    byte[] bytes = events.getBytes(StandardCharsets.UTF_8);
    assertThat(new Cli().withInput(bytes).run("replay", "-o", "events", "-").out())
        .isEqualTo(events);
  }

  @Test
  void loads_areRecords_withTheFindingsOnThem() {
    Cli.Result result = new Cli().run("replay", "-o", "loads", file("flat.ndjson"));
    assertThat(result.status()).isZero();
    assertThat(result.outLines()).hasSize(4);
    assertThat(result.outLines().getLast()).contains("\"action\":\"request\"", "net-pf-38");
    assertThat(result.outLines())
        .allMatch(line -> line.startsWith("{\"schema\":\"kmodwatch.load/1\",\"id\":\""));
    assertThat(result.outLines().getFirst())
        .contains(
            "\"host\":{\"name\":\"host1\"},\"action\":\"load\",\"outcome\":\"loaded\",\"returnValue\":0,",
            "\"module\":{\"name\":\"dummy\",\"srcversion\":\"ABC\"},",
            "\"findings\":[\"TRC-1017\"],\"repeats\":1");
    assertThat(new Cli().run("replay", "-o", "loads", file("bad.ndjson")).out())
        .contains("\"findings\":[\"TRC-1017\",\"KMW-1003\"]");
  }

  @Test
  void loads_areNoEventsOfTheRecording() {
    assertThat(new Cli().run("replay", "-o", "events", file("flat.ndjson")).out())
        .doesNotContain("kernel_module\"");
  }

  @Test
  void unknownFormat_isWrongUsage() {
    Cli.Result result = new Cli().run("replay", "-o", "xml", "x");
    assertThat(result.status()).isEqualTo(64);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: no such output format: -o xml (there are table, json, loads, events,"
                + " alerts, tracee, ecs, ocsf, cef, falco, none)\n");
  }

  @Test
  void compressedRecordings_giveTheSame() throws IOException {
    byte[] plain = Files.readAllBytes(RECORDINGS.resolve("flat.ndjson"));
    var gz = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(gz)) {
      out.write(plain);
    }
    var zst = new ByteArrayOutputStream();
    try (OutputStream out = new ZstdOutputStream(zst)) {
      out.write(plain);
    }
    String expected = new Cli().run("replay", file("flat.ndjson")).out();
    assertThat(new Cli().run("replay", written("r.gz", gz.toByteArray())).out())
        .isEqualTo(expected);
    assertThat(new Cli().run("replay", written("r.zst", zst.toByteArray())).out())
        .isEqualTo(expected);
    assertThat(new Cli().withInput(zst.toByteArray()).run("replay", "-").out()).isEqualTo(expected);
  }

  @Test
  void damagedCompression_isUnreadable_afterWhatCouldBeRead() throws IOException {
    var gz = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(gz)) {
      out.write(Files.readAllBytes(RECORDINGS.resolve("flat.ndjson")));
    }
    byte[] half = Arrays.copyOf(gz.toByteArray(), gz.size() / 2);
    Cli.Result result = new Cli().withInput(half).run("replay", "-");
    assertThat(result.status()).isEqualTo(69);
    assertThat(result.err())
        .contains(
            "kmodwatch: cannot read standard input to its end: its compressed data is damaged, or"
                + " asks for more than is allowed");
  }

  @Test
  void badLines_areNamedAndCounted_andCostNoOther() {
    Cli.Result result = new Cli().run("replay", file("bad.ndjson"));
    assertThat(result.status()).isZero();
    assertThat(result.outLines()).hasSize(2);
    assertThat(result.outLines().get(0)).contains("\"SigMetadata\":{\"ID\":\"TRC-1017\"");
    assertThat(result.outLines().get(1)).contains("\"SigMetadata\":{\"ID\":\"KMW-1003\"");
    assertThat(result.errLines()).hasSize(4);
    assertThat(result.errLines().get(1))
        .isEqualTo(
            "malformed: TRC-1017 cannot judge security_kernel_read_file of insmod[4242]: argument"
                + " type is missing");
    assertThat(result.errLines().get(2))
        .startsWith(file("bad.ndjson") + ":6: not valid JSON at character 14: ");
    assertThat(result.errLines().getLast())
        .isEqualTo("6 lines, 2 events, 1 load, 2 findings, 2 bad lines, 1 malformed event");
    assertThat(result.err()).doesNotContain("\u001b");
    Cli.Result strict = new Cli().run("replay", "--strict", file("bad.ndjson"));
    assertThat(strict.out()).isEqualTo(result.out());
    assertThat(strict.errLines().get(1))
        .isEqualTo(file("bad.ndjson") + ":4: eventName is not a string but the number 7");
  }

  @Test
  void badLines_failTheRun_whenStrict() {
    assertThat(new Cli().run("replay", "--strict", file("bad.ndjson")).status()).isEqualTo(65);
    assertThat(new Cli().run("replay", "--strict", file("flat.ndjson")).status()).isZero();
  }

  @Test
  void lineOfNoModule_isRead_onlyWhenStrict() {
    byte[] lines =
        """
        {"eventName":"init_module"}
        {"eventName":"openat","eventName":"twice"}
        """
            .getBytes(StandardCharsets.UTF_8);
    Cli.Result loose = new Cli().withInput(lines).run("replay", "-");
    Cli.Result strict = new Cli().withInput(lines).run("replay", "--strict", "-");
    assertThat(loose.status()).isZero();
    assertThat(loose.err())
        .isEqualTo("2 lines, 1 event, 1 load, 1 finding, 0 bad lines, 0 malformed events\n");
    assertThat(strict.status()).isEqualTo(65);
    assertThat(strict.errLines().getFirst())
        .isEqualTo("standard input:2: a key is there twice: key=eventName");
    assertThat(strict.out()).isEqualTo(loose.out());
  }

  @Test
  void manyLines_giveTheirFindings_inTheirOrder() throws IOException {
    Path file = folder.resolve("many.ndjson");
    try (var out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < 40_000; i++) {
        out.write("{\"timestamp\":%d,\"processId\":1,\"eventName\":\"openat\"}\n".formatted(i));
        if (i % 7 == 0) {
          out.write("{\"timestamp\":%d,\"eventName\":\"init_module\"}\n".formatted(i));
        }
      }
    }
    Cli.Result result = new Cli().run("replay", "-o", "json", file.toString());
    assertThat(
            result.outLines().stream()
                .filter(line -> line.contains("TRC-1017"))
                .map(line -> line.replaceAll(".*\"timestamp\":(\\d+).*", "$1"))
                .map(Long::valueOf))
        .isEqualTo(LongStream.range(0, 40_000).filter(i -> i % 7 == 0).boxed().toList());
    assertThat(new Cli().run("replay", "--strict", "-o", "json", file.toString()).out())
        .isEqualTo(result.out());
  }

  @Test
  void finding_isWritten_beforeMoreInputComes() throws Exception {
    var input = new PipedOutputStream();
    var in = new PipedInputStream(input);
    var out = new PipedInputStream();
    var sink = new PipedOutputStream(out);
    Thread replay =
        Thread.ofPlatform()
            .start(() -> new Cli().readingFrom(in).writingTo(sink).run("replay", "-"));

    input.write("{\"eventName\":\"init_module\"}\n".getBytes(StandardCharsets.UTF_8));
    input.flush();

    assertThat(new BufferedReader(new InputStreamReader(out, StandardCharsets.UTF_8)).readLine())
        .contains("TRC-1017");
    input.close();
    replay.join();
  }

  @Test
  void floodOfBadLines_isCutAndCounted() {
    byte[] flood = "x\n".repeat(50).getBytes(StandardCharsets.UTF_8);
    Cli.Result result = new Cli().withInput(flood).run("replay", "-");
    assertThat(result.errLines()).hasSize(22);
    assertThat(result.errLines().getFirst()).startsWith("standard input:1: ");
    assertThat(result.errLines().get(20)).isEqualTo("and 30 more bad lines");
    assertThat(result.errLines().getLast())
        .isEqualTo("50 lines, 0 events, 0 loads, 0 findings, 50 bad lines, 0 malformed events");
  }

  @Test
  void failOn_endsWithOne_whenTheFindingWasRaised() {
    assertThat(new Cli().run("replay", "--fail-on", "any", file("flat.ndjson")).status())
        .isEqualTo(1);
    assertThat(new Cli().run("replay", "--fail-on", "TRC-1017", file("flat.ndjson")).status())
        .isEqualTo(1);
    assertThat(new Cli().withInput(new byte[0]).run("replay", "--fail-on", "any", "-").status())
        .isZero();
  }

  @Test
  void outputNone_leavesTheStatusAlone() {
    Cli.Result result =
        new Cli().run("replay", "-o", "none", "--fail-on", "any", file("flat.ndjson"));
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void failOn_refusesAnUnknownId() {
    Cli.Result result = new Cli().run("replay", "--fail-on", "TRC-1071", file("flat.ndjson"));
    assertThat(result.status()).isEqualTo(64);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: no such signature; did you mean TRC-1017?: --fail-on TRC-1071 (there are"
                + " any, KMW-1001, KMW-1002, KMW-1003, KMW-1004, KMW-1005, KMW-1006, KMW-1007,"
                + " KMW-1008, KMW-1009, KMW-1010, KMW-1011, KMW-1012, KMW-1013, TRC-1017)\n");
  }

  @Test
  void missingFile_isNamed_andTheOthersAreReplayed() {
    String missing = folder.resolve("none").toString();
    Cli.Result result = new Cli().run("replay", "--fail-on=any", missing, file("flat.ndjson"));
    assertThat(result.status()).isEqualTo(69);
    assertThat(result.outLines()).hasSize(3);
    assertThat(result.errLines())
        .containsExactly(
            "kmodwatch: cannot read " + missing + ": there is no such file",
            "7 lines, 7 events, 4 loads, 3 findings, 0 bad lines, 0 malformed events");
  }

  @Test
  void folder_isUnreadable() {
    assertThat(new Cli().run("replay", folder.toString()).status()).isEqualTo(69);
  }

  @Test
  void hostileNames_areEscapedInTheTable() {
    Cli.Result result = new Cli().run("replay", "-o", "table", file("hostile.ndjson"));
    assertThat(result.outLines()).hasSize(4);
    assertThat(result.outLines().get(1))
        .contains("  /tmp/\\x1b[2J\\x1b[1;1Hclean.ko\\n2026-11-22  all is well  ");
    assertThat(result.outLines().get(3))
        .contains("  \\x1b]0;x\\x07[4242] uid 0  ", "  \\x{202e}gnp.ko\\x07  ");
  }

  @Test
  void closedPipe_endsQuietly() {
    Cli.Result result =
        new Cli()
            .writingTo(MainTest.failing("Broken pipe"))
            .run("replay", "--fail-on=any", file("flat.ndjson"));
    assertThat(result.status()).isZero();
    assertThat(result.err()).isEmpty();
  }

  @Test
  void fullDisk_isNamed() {
    Cli.Result result =
        new Cli()
            .writingTo(MainTest.failing("No space left on device"))
            .run("replay", file("flat.ndjson"));
    assertThat(result.status()).isEqualTo(70);
    assertThat(result.err())
        .isEqualTo("kmodwatch: cannot write to standard output: No space left on device\n");
  }

  @Test
  void placeWithoutSignatures_isRefused() {
    Cli.Result result =
        new Cli().run("replay", "--signatures", folder.toString(), file("flat.ndjson"));
    assertThat(result.status()).isEqualTo(69);
    assertThat(result.err()).startsWith("kmodwatch: no signature there (no jar with META-INF/");
  }

  private static String file(String name) {
    return RECORDINGS.resolve(name).toString();
  }

  private String written(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes).toString();
  }
}
