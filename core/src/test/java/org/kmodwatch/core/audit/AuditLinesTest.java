package org.kmodwatch.core.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.scan.ReadOptions;

/** Tests handmade lines of audit logs: architectures, quoting, rules, and attacks. */
@NullMarked
class AuditLinesTest {

  private static final String ID = "msg=audit(1785585600.123:4242): ";
  private static final String REST =
      "success=yes exit=0 a0=3 a1=55 a2=0 a3=3 items=0 ppid=900 pid=901 auid=1000 uid=0 gid=0"
          + " euid=0 ses=3 comm=\"insmod\" exe=\"/usr/bin/kmod\" key=\"modules\"\n";
  private static final String CALL = "type=SYSCALL " + ID + "arch=c000003e syscall=313 " + REST;
  private static final String MODULE = "type=KERN_MODULE " + ID + "name=\"x\"\n";
  private static final String TITLE =
      "type=PROCTITLE " + ID + "proctitle=696E736D6F64002F746D702F782E6B6F\n";

  @Test
  void load_isWhole_withItsThreeRecords() {
    LoadRecord load = AuditReading.of(CALL + MODULE + TITLE).load();

    assertThat(load.timeNanos()).isEqualTo(1_785_585_600_123_000_000L);
    assertThat(load.module().name()).isEqualTo("x");
    assertThat(load.file())
        .isEqualTo(
            new LoadRecord.ModuleFile(
                "/tmp/x.ko", 0, 0, 0, false, LoadRecord.Place.TEMPORARY, null));
    assertThat(load.loader()).isNotNull();
    assertThat(load.loader().loginUid()).isEqualTo(1000);
    assertThat(load.loader().sessionId()).isEqualTo(3);
    assertThat(load.loader().args()).containsExactly("insmod", "/tmp/x.ko");
    assertThat(load.loader().ancestors()).containsExactly(new LoadRecord.Ancestor(900, "", null));
  }

  @ParameterizedTest
  @CsvSource({
    "c000003e,175,init_module,native",
    "c000003e,313,finit_module,native",
    "c000003e,176,delete_module,native",
    "c000003e,1073742137,finit_module,native",
    "40000003,128,init_module,compat",
    "40000003,350,finit_module,compat",
    "40000003,129,delete_module,compat",
    "c00000b7,105,init_module,native",
    "c00000b7,273,finit_module,native",
    "c00000b7,106,delete_module,native",
    "40000028,379,finit_module,compat",
    "c00000f3,273,finit_module,native",
    "c0000015,353,finit_module,native",
    "80000016,344,finit_module,native",
    "x86_64,finit_module,finit_module,native",
  })
  void call_isKnown_byArchitectureAndNumber(
      String arch, String number, String expected, String abi) {
    LoadRecord load =
        AuditReading.of(
                "type=SYSCALL %sarch=%s syscall=%s %s".formatted(ID, arch, number, REST)
                    + MODULE
                    + TITLE)
            .load();

    assertThat(load.route().syscall()).isEqualTo(expected);
    assertThat(load.route().abi()).isEqualTo(abi);
    assertThat(load.action() == LoadRecord.Action.UNLOAD)
        .isEqualTo(expected.equals("delete_module"));
  }

  @ParameterizedTest
  @CsvSource({
    "c000003e,59",
    "c000003e,128",
    "40000003,313",
    "40000003,175",
    "c00000b7,313",
    "c00000b7,175"
  })
  void otherCall_isNothing_thoughItsNumberIsOneOfModulesElsewhere(String arch, String number) {
    AuditReading reading =
        AuditReading.of(
            "type=SYSCALL %sarch=%s syscall=%s %s".formatted(ID, arch, number, REST) + TITLE);

    assertThat(reading.loads()).isEmpty();
    assertThat(reading.badLines()).isEmpty();
    assertThat(reading.statistics().otherLines()).isEqualTo(2);
  }

  @Test
  void unknownArchitecture_isTold_whereTheKernelNamedAModule() {
    String call = "type=SYSCALL " + ID + "arch=c0000099 syscall=400 " + REST;

    assertThat(AuditReading.of(call + MODULE + TITLE).badLines())
        .containsExactly(
            "log:1: the number of a system call says nothing here, though it is one on modules:"
                + " arch=c0000099 syscall=400; remedy: log_format = ENRICHED in auditd.conf names"
                + " calls");
    assertThat(AuditReading.of(call + TITLE).badLines()).isEmpty();
    assertThat(
            AuditReading.of(
                    call.replace("\n", "\u001dARCH=odd SYSCALL=finit_module\n") + MODULE + TITLE)
                .load()
                .route()
                .syscall())
        .isEqualTo("finit_module");
  }

  @Test
  void numbersOfTheKernelsOwnLog_areTypesToo() {
    String log =
        (CALL + MODULE + TITLE)
            .replace("type=SYSCALL msg=", "type=1300 ")
            .replace("type=KERN_MODULE msg=", "type=1330 ")
            .replace("type=PROCTITLE msg=", "type=1327 ");

    assertThat(AuditReading.of(log).load())
        .isEqualTo(AuditReading.of(CALL + MODULE + TITLE).load());
  }

  @Test
  void strings_areHexadecimal_whenTheyAreNotPrintable() {
    LoadRecord load =
        AuditReading.of(
                CALL.replace("comm=\"insmod\"", "comm=6120FF62")
                        .replace("exe=\"/usr/bin/kmod\"", "exe=(null)")
                    + MODULE.replace("\"x\"", "C3A4")
                    + TITLE)
            .load();

    assertThat(load.loader()).isNotNull();
    assertThat(load.loader().comm()).isEqualTo("a \udcffb");
    assertThat(load.loader().exe()).isNull();
    assertThat(load.module().name()).isEqualTo("ä");
  }

  @Test
  void name_isNotKnown_whereTheKernelHasAQuestionMark() {
    LoadRecord load =
        AuditReading.of(
                CALL.replace("success=yes exit=0", "success=no exit=-1")
                    + MODULE.replace("\"x\"", "\"?\"")
                    + TITLE)
            .load();

    assertThat(load.module().name()).isNull();
    assertThat(load.outcome()).isEqualTo(LoadRecord.Outcome.REFUSED);
    assertThat(load.reason())
        .isEqualTo(
            "lockdown or module_blacklist forbids it, or the module's own code returned it; which"
                + " is not known");
    assertThat(load.findings()).as("it was read").containsExactly("TRC-1017");
    assertThat(AuditReading.why(load, "module.name"))
        .isEqualTo("the kernel gave up before it knew it");
  }

  @Test
  void commandLine_saysThatItMayBeCut() {
    String path = "/tmp/" + "d/".repeat(60) + "x.ko";
    String title = hex("insmod\0" + path.substring(0, 128 - 7));
    LoadRecord load =
        AuditReading.of(CALL + MODULE + TITLE.replaceAll("proctitle=.*", "proctitle=" + title))
            .load();

    assertThat(load.file()).isNull();
    assertThat(AuditReading.why(load, "file"))
        .isEqualTo("the command line may be cut where it names it");
    assertThat(AuditReading.why(load, "loader.args"))
        .isEqualTo("longer than what an audit log keeps");
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "insmod x.ko,/root/x.ko",
        "insmod ./x.ko,/root/x.ko",
        "/sbin/insmod -f /a/x.ko a=1,/a/x.ko",
        "busybox insmod x.ko,/root/x.ko",
        "kmod insmod x.ko,/root/x.ko",
        "insmod,-",
        "insmod -f,-",
        "modprobe x.ko,-",
        "loader insmod x.ko,-",
      })
  void file_isTakenFromInsmodsCommandLine(
      String words, @org.jspecify.annotations.Nullable String path) {
    LoadRecord load =
        AuditReading.of(
                CALL
                    + MODULE
                    + "type=CWD %scwd=\"/root\"\n".formatted(ID)
                    + TITLE.replaceAll(
                        "proctitle=.*", "proctitle=" + hex(words.replace(' ', '\0'))))
            .load();

    assertThat(load.file() == null ? null : load.file().path()).isEqualTo(path);
  }

  @Test
  void event_ends_whereTheRulesLeaveOutItsLastRecord() {
    String later = CALL.replace("1785585600.123:4242", "1785585603.000:4243");
    AuditReading reading = AuditReading.of(CALL + MODULE + later);

    assertThat(reading.loads()).hasSize(2);
    assertThat(reading.loads().getFirst().module().name()).isEqualTo("x");
    assertThat(AuditReading.why(reading.loads().getFirst(), "loader.args"))
        .isEqualTo("there is no PROCTITLE record");
  }

  @Test
  void endOfEvent_endsIt() {
    var joined = new int[1];
    var joiner = new AuditJoiner();
    var id = new AuditId("", 1, 1);
    AuditJoiner.Listener listener =
        new AuditJoiner.Listener() {
          @Override
          public void onEvent(org.kmodwatch.core.event.Event event) {
            joined[0]++;
          }

          @Override
          public void onProblem(AuditJoiner.Place place, String reason) {
            throw new AssertionError(reason);
          }
        };
    var place = new AuditJoiner.Place("log", 1);
    joiner.accept(call(id), place, listener);
    assertThat(joined[0]).isZero();
    joiner.accept(new AuditRecord.End(id), place, listener);

    assertThat(joined[0]).as("security_kernel_read_file and finit_module").isEqualTo(2);
    assertThat(joiner.open()).isZero();
  }

  @Test
  void whatIsNotWhole_isBounded_andNothingIsLost() {
    int calls = 20_000;
    var text = new StringBuilder();
    for (int i = 0; i < calls; i++) {
      // All events have the same time and none has an end.
      text.append(CALL.replace(":4242)", ":" + (i + 1) + ")"));
    }
    var seen = new int[1];
    var most = new int[1];
    var parser = new AuditParser();
    var joiner = new AuditJoiner();
    for (String line : AuditReading.lines(text.toString())) {
      byte[] bytes = line.getBytes(StandardCharsets.US_ASCII);
      if (bytes.length > 0) {
        AuditRecord record = parser.read(bytes, 0, bytes.length);
        assertThat(record).isNotNull();
        joiner.accept(record, new AuditJoiner.Place("log", 1), counting(seen));
        most[0] = Math.max(most[0], joiner.open());
      }
    }
    joiner.finish(counting(seen));

    assertThat(most[0]).isLessThanOrEqualTo(1024);
    assertThat(seen[0]).isEqualTo(2 * calls);
  }

  @Test
  void moduleWithoutItsCall_isTold_withItsLine() {
    assertThat(AuditReading.of("type=EOE " + ID + "\n" + MODULE + TITLE).badLines())
        .containsExactly(
            "log:2: KERN_MODULE of x without its SYSCALL record: what was done with the module is"
                + " not known");
  }

  @Test
  void twoCallsOfOneProcessAtOneTime_areTwoLoads() {
    String log = CALL + MODULE + TITLE;

    assertThat(AuditReading.of(log + log.replace(":4242)", ":4243)")).loads()).hasSize(2);
  }

  @Test
  void sameNumberOnTwoNodes_isTwoLoads() {
    String mixed =
        "node=a "
            + CALL
            + "node=b "
            + CALL
            + "node=a "
            + MODULE
            + "node=b "
            + MODULE.replace("\"x\"", "\"y\"")
            + "node=b "
            + TITLE
            + "node=a "
            + TITLE;
    AuditReading reading = AuditReading.of(mixed.replaceFirst("pid=901", "pid=902"));

    assertThat(reading.badLines()).isEmpty();
    assertThat(reading.loads())
        .extracting(load -> load.host().name() + " " + load.module().name())
        .containsExactly("b y", "a x");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "type=SYSCALL | an audit record without its time and serial number",
        "node=x | an audit record without its type",
        "type=SYSCALL msg=audit(11/25/2026 15:24:43.955:6) : arch=c000003e | an audit record"
            + " without its time and serial number: found \"11/25/2026 15:24:43.955:6\"; remedy:"
            + " ausearch --raw writes them as they are",
        "type=SYSCALL msg=audit(99999999999.000:1): | an audit record without its time and serial"
            + " number: found \"99999999999.000:1\"; remedy: ausearch --raw writes them as they"
            + " are",
        "type=SYSCALL msg=audit(9999999999.000:1): arch=c000003e syscall=313 | an audit record"
            + " without its time and serial number: found \"9999999999.000:1\"; remedy: ausearch"
            + " --raw writes them as they are",
        "type=SYSCALL msg=audit(1.0:1): syscall=313 | a SYSCALL record without arch",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e | a SYSCALL record without syscall",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=313 uid=0 | pid is missing",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=313 pid=7 | uid is missing",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=313 pid=x uid=0 | pid is not a whole"
            + " number from 1 to 2147483647 but \"x\"",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=313 pid=7 uid=-5 | uid is not a whole"
            + " number from 0 to 4294967295 but \"-5\"",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=313 pid=7 uid=0 exit=EPERM | exit is"
            + " not a whole number from -9223372036854775808 to 9223372036854775807 but \"EPERM\"",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=313 pid=7 uid=0 a0=zz | a0 is not a"
            + " hexadecimal number but \"zz\"",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=313 pid=7 pid=8 uid=0 | a field is"
            + " there twice: field=pid",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=313 pid=7 uid=0 comm=\"x | a quote"
            + " does not end: field=comm",
        "type=KERN_MODULE msg=audit(1.0:1): name=\"x | a quote does not end: field=name",
      })
  void badLine_isTold_withItsNumberAndWhy(String line, String reason) {
    AuditReading reading = AuditReading.of(CALL + line + "\n" + MODULE + TITLE);

    assertThat(reading.badLines()).containsExactly("log:2: " + reason);
    assertThat(reading.loads()).as("no other line is lost by it").hasSize(1);
  }

  @Test
  void noBytes_makeItFailOtherwise() {
    byte[] log = AuditReading.resource("audit-enriched.log").getBytes(StandardCharsets.ISO_8859_1);
    for (long seed = 1; seed <= 300; seed++) {
      var random = new Random(seed);
      byte[] broken = log.clone();
      for (int i = random.nextInt(200); i >= 0; i--) {
        broken[random.nextInt(broken.length)] =
            random.nextBoolean()
                ? (byte) random.nextInt(256)
                : (byte) " =\"():.\n\u001d{}0".charAt(random.nextInt(12));
      }
      // AuditReading checks that the counts of the reader add up.
      AuditReading wanted = AuditReading.of(broken, AuditReading.WANTED);
      AuditReading all = AuditReading.of(broken, AuditReading.WANTED.withEveryLine());

      assertThat(all.events()).as("seed=%d", seed).isEqualTo(wanted.events());
    }
  }

  @Test
  void blocks_makeNoDifference() {
    // Each read returns a block, as when lines arrive one by one.
    String log = AuditReading.resource("audit-enriched.log");
    byte[] bytes = log.getBytes(StandardCharsets.US_ASCII);
    var random = new Random(4711);
    AuditReading reading =
        AuditReading.of(
            new ByteArrayInputStream(bytes) {
              @Override
              public synchronized int read(byte[] into, int offset, int length) {
                return super.read(into, offset, Math.min(length, 1 + random.nextInt(900)));
              }
            },
            AuditReading.WANTED);

    assertThat(reading.events()).isEqualTo(AuditReading.of(bytes, AuditReading.WANTED).events());
    assertThat(reading.badLines()).isEmpty();
  }

  @Test
  void strictReading_givesTheSame() {
    byte[] bytes = AuditReading.resource("audit-raw.log").getBytes(StandardCharsets.US_ASCII);

    assertThat(AuditReading.of(bytes, ReadOptions.DEFAULT).events())
        .isEqualTo(AuditReading.of(bytes, AuditReading.WANTED).events());
  }

  private static AuditRecord.Call call(AuditId id) {
    return new AuditRecord.Call(
        id,
        "finit_module",
        "",
        false,
        0L,
        List.of(3L, 0L, 0L, 0L),
        901,
        900,
        0,
        0L,
        0L,
        0L,
        "insmod",
        null);
  }

  private static AuditJoiner.Listener counting(int[] seen) {
    return new AuditJoiner.Listener() {
      @Override
      public void onEvent(org.kmodwatch.core.event.Event event) {
        seen[0]++;
      }

      @Override
      public void onProblem(AuditJoiner.Place place, String reason) {
        throw new AssertionError(reason);
      }
    };
  }

  private static String hex(String text) {
    var hex = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hex.append("%02X".formatted(b));
    }
    return hex.toString();
  }
}
