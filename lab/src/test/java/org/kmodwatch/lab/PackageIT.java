package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Tests the Debian package of this build, in a Debian without Java: from its installation to its
 * complete removal. {@code -Dkmodwatch.kernels=6.1,6.12} selects more kernels.
 */
@ParameterizedClass(name = "kernel {0}")
@MethodSource("org.kmodwatch.lab.TestKernels#newest")
final class PackageIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration PACKAGE_LIMIT = Duration.ofMinutes(10);
  private static final Duration GUEST_LIMIT = Duration.ofMinutes(20);

  /** Limits the start under emulation on a busy host, where a minute was not enough. */
  private static final double ARMED_LIMIT_SECONDS = 240;

  private static final long DEB_LIMIT_BYTES = 60L << 20;
  private static final long INSTALLED_LIMIT_KIB = 140L << 10;

  /** Sets the default LineMax of journald.conf(5). */
  private static final int LINE_MAX = 48 << 10;

  private static final String CUT_FOR_THE_JOURNAL = "cut: no line of the journal holds it";

  /** Matches the backups that the account tools and dpkg keep of their own files. */
  private static final Pattern OF_THE_SYSTEM =
      Pattern.compile(
          "left (/etc/(passwd|group|shadow|gshadow)-|/etc/\\.pwd\\.lock|/var/lib/dpkg/.*-old)");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private static Path folder;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static Path out;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<String> log;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<JsonNode> loads;

  /** Holds the service's entries in the journal, before the storm. */
  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<JsonNode> entries;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<JsonNode> whole;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  @Parameter
  String kernel;

  @BeforeParameterizedClassInvocation
  static void boot(String kernel) throws Exception {
    Checkout checkout = Checkout.find();
    out =
        Files.createTempDirectory(
            Files.createDirectories(checkout.labFolder().resolve("runs")), kernel + "-package-");
    Path deb = folder.resolve("kmodwatch.deb");
    if (!Files.exists(deb)) {
      DebianPackage.make(checkout, PACKAGE_LIMIT, out.resolve("package.log"), deb);
    }
    DebianGuest.run(
        kernel,
        Resources.text("package.sh"),
        List.of(
            deb,
            checkout.guestRoot().resolve("usr/bin/kwload"),
            Lab.testModule(kernel, "kw_plain").hostFile(),
            Lab.testModule(kernel, "kw_params").hostFile(),
            Lab.testModule(kernel, "kw_export").hostFile()),
        Map.of("kmodwatch-hangs.service", serviceThatHangs(checkout)),
        GUEST_LIMIT,
        out);
    log = Files.readAllLines(out.resolve("guest.log"));
    loads = json("loads.ndjson");
    entries = json("entries.ndjson");
    whole = json("whole.ndjson");
    assertThat(log).as("%s", out).endsWith("end").noneMatch(line -> line.startsWith("in vain"));
  }

  private static List<JsonNode> json(String file) throws IOException {
    return Files.readAllLines(out.resolve(file)).stream().map(JSON::readTree).toList();
  }

  /** Returns the package's unit with an agent that does nothing, and a shorter watchdog. */
  private static String serviceThatHangs(Checkout checkout) throws IOException {
    String unit = Files.readString(checkout.root().resolve("packaging/deb/kmodwatch.service"));
    return unit.replaceFirst("(?m)^ExecStart=.*$", "ExecStart=/bin/sleep infinity")
        .replaceFirst("(?m)^User=.*$", "User=nobody")
        .replaceFirst("(?m)^Group=.*$", "Group=nogroup")
        .replaceFirst("(?m)^ExecStartPre=.*$", "")
        .replaceFirst("(?m)^WatchdogSec=.*$", "WatchdogSec=20")
        .replaceFirst("(?m)^StateDirectory=.*$", "StateDirectory=kmodwatch-hangs");
  }

  @Test
  void boot_goesOnWithinTenSeconds_besideAnAgentThatHangs() {
    Matcher boot = line("hangs since=([0-9]+) all others=([0-9]+) boot went on=([0-9]+)");
    long hangs = Long.parseLong(boot.group(1));
    long others = Long.parseLong(boot.group(2));
    long wentOn = Long.parseLong(boot.group(3));
    assertThat(hangs).isBetween(1L, wentOn);
    // Under emulation the other services that the boot waits for may take long.
    assertThat(wentOn - Math.max(hangs, others)).as("microseconds").isLessThan(10_000_000L);
  }

  @Test
  void agentThatHangs_isKilledAndStartedAgain() {
    Matcher hangs = line("hangs restarted=yes result=([0-9]+)");
    assertThat(Integer.parseInt(hangs.group(1))).isPositive();
  }

  @Test
  void agentThatWorks_givesSignsOfLife_andSaysHowItIs() {
    Matcher alive = line("alive started=([0-9]+) signed=([0-9]+) restarts=0");
    assertThat(Long.parseLong(alive.group(2))).isGreaterThan(Long.parseLong(alive.group(1)));
    line("status armed: [0-9]+ of [0-9]+ hooks, kernel .*, engine [0-9]+ signatures");
  }

  @Test
  void fullTmp_keepsTheServiceNotFromStarting() {
    assertThat(log).doesNotContain("/tmp is not full");
    assertThat(journal()).noneMatch(line -> line.contains("NAMESPACE"));
  }

  @Test
  void allThatTheServiceWrites_hasEveryRecordOfAStorm() {
    Matcher storm =
        line(
            "storm history=([0-9]+) file=([0-9]+) record=([0-9]+) images=([0-9]+)"
                + " spooled=([0-9]+)");
    for (int i = 1; i <= 3; i++) {
      assertThat(Integer.parseInt(storm.group(i))).as(storm.group()).isGreaterThanOrEqualTo(401);
    }
    assertThat(Integer.parseInt(storm.group(4))).as(storm.group()).isGreaterThanOrEqualTo(2);
    assertThat(Integer.parseInt(storm.group(5))).as(storm.group()).isGreaterThanOrEqualTo(401);
  }

  @Test
  void readOnlyState_isSaid_endsNothing_andLosesNoRecord() {
    assertThat(log)
        .doesNotContain("the state is writable")
        .anyMatch(
            line ->
                line.startsWith("readonly health ")
                    && line.contains("state: cannot write /var/lib/kmodwatch/reported"))
        .anyMatch(line -> line.startsWith("readonly status armed: ") && line.contains("state"))
        .anyMatch(line -> line.startsWith("readonly again active health "));
    assertThat(load("readonly").at("/outcome").asString()).isEqualTo("unloaded");
    assertThat(load("again").at("/outcome").asString()).isEqualTo("loaded");
  }

  @Test
  void installation_startsTheService_whichIsArmedSoon() {
    assertThat(log)
        .contains("enabled enabled active active", "kmodwatch 0.1.0-SNAPSHOT")
        .doesNotContain("the user is there already", "there is a Java already");
    Matcher installed = line("installed status=0 began=([0-9.]+) ended=([0-9.]+)");
    double armed = Double.parseDouble(line("armed at=([0-9.]+)").group(1));
    assertThat(armed - Double.parseDouble(installed.group(2))).isLessThan(ARMED_LIMIT_SECONDS);
  }

  @Test
  void cacheOfClasses_fits_onAnotherProcessorThanItWasMadeOn() {
    assertThat(log)
        .contains(
            "cache for signatures status=0",
            "cache for watch status=0",
            "cache for replay status=0");
  }

  @Test
  void package_isSmall() throws Exception {
    Path deb = folder.resolve("kmodwatch.deb");
    DebianGuest.call(
        PACKAGE_LIMIT,
        out.resolve("size.log"),
        List.of(
            "sh",
            "-c",
            "dpkg-deb --fsys-tarfile \"$0\" | xz -T2 | wc -c; dpkg-deb -f \"$0\" Installed-Size",
            deb.toString()));
    // The package was built without compression, so that it is unpacked sooner.
    List<String> sizes = Files.readAllLines(out.resolve("size.log"));
    assertThat(Long.parseLong(sizes.getFirst())).isLessThan(DEB_LIMIT_BYTES);
    assertThat(Long.parseLong(sizes.getLast())).isLessThan(INSTALLED_LIMIT_KIB);
  }

  @Test
  void package_hasManualAndCompletion_withoutTheLab() throws Exception {
    DebianGuest.call(
        PACKAGE_LIMIT,
        out.resolve("files.log"),
        List.of(
            "sh",
            "-c",
            "dpkg-deb --fsys-tarfile \"$0\" | tar -t; dpkg-deb --fsys-tarfile \"$0\" |"
                + " tar -xO ./usr/share/bash-completion/completions/kmodwatch",
            folder.resolve("kmodwatch.deb").toString()));
    assertThat(out.resolve("files.log"))
        .content()
        .contains(
            "./usr/share/man/man8/kmodwatch.8.gz\n",
            "./usr/share/man/man8/kmodwatch-replay.8.gz\n",
            "./usr/share/zsh/vendor-completions/_kmodwatch\n",
            "./usr/lib/kmodwatch/lib/libsqlitejdbc.so\n",
            "function _picocli_kmodwatch_replay()")
        .doesNotContain("kmodwatch-lab.8", "_picocli_kmodwatch_lab");
  }

  @Test
  void journal_hasEachAttempt_withWhoAskedAndWhatBecameOfIt() {
    JsonNode file = load("file");
    assertThat(file.at("/outcome").asString()).isEqualTo("loaded");
    assertThat(file.at("/file/path").asString()).isEqualTo("/root/kw_plain.ko");
    assertThat(file.at("/image/sha256").asString()).hasSize(64);
    assertThat(file.at("/findings").toString()).contains("TRC-1017");
    JsonNode memory = load("memory");
    assertThat(memory.at("/outcome").asString()).isEqualTo("loaded");
    assertThat(memory.at("/route/memoryOnly").asBoolean()).isTrue();
    JsonNode refused = load("refused");
    assertThat(refused.at("/outcome").asString()).isEqualTo("refused");
    assertThat(refused.at("/errno").asString()).isEqualTo("EPERM");
    assertThat(refused.at("/loader/uid").asInt()).isEqualTo(65534);
    JsonNode autoload =
        loads.stream()
            .filter(load -> load.at("/module/name").asString("").equals("af_alg"))
            .findFirst()
            .orElseThrow();
    assertThat(autoload.at("/outcome").asString()).isEqualTo("loaded");
    assertThat(autoload.at("/requester/pid").asInt()).isEqualTo(pid("autoload"));
    assertThat(autoload.at("/requester/uid").asInt()).isEqualTo(65534);
    // This is Debian's own module, in a folder that the sandbox must not hide.
    assertThat(autoload.at("/file/path").asString()).contains("/lib/modules/");
  }

  @Test
  void recordLongerThanALineOfTheJournal_isOneEntry_thatSaysWhatIsCut() {
    JsonNode whole = whole("long");
    assertThat(whole.toString().length()).isGreaterThan(LINE_MAX);

    List<JsonNode> entries = entries("stdout", "forged");

    // An entry with another beginning would be text of the loader.
    assertThat(entries)
        .extracting(PackageIT::message)
        .allMatch(text -> text.startsWith("{\"schema\":\"kmodwatch.load/1\""))
        .hasSize(1);
    JsonNode shortened = JSON.readTree(message(entries.getFirst()));
    assertThat(shortened.at("/id")).isEqualTo(whole.at("/id"));
    assertThat(shortened.at("/image")).isEqualTo(whole.at("/image"));
    assertThat(shortened.at("/outcome").asString()).isEqualTo("loaded");
    assertThat(cutForTheJournal(shortened))
        .containsExactlyInAnyOrder("route.params", "file.path", "loader.exe", "loader.args");
    assertThat(cutForTheJournal(whole)).isEmpty();
  }

  @Test
  void journal_hasSplitNoLineOfTheService() {
    assertThat(entries("stdout", ""))
        .hasSizeGreaterThan(10)
        .noneMatch(entry -> entry.at("/_LINE_BREAK").asString("").equals("line-max"));
  }

  @Test
  void journal_showsEachEntryAsText_alsoWhereALoaderGaveWhatIsNoCharacter() {
    assertThat(whole("noncharacter").at("/route/params").asString()).isEqualTo("\uffff");
    assertThat(entries).allMatch(entry -> entry.at("/MESSAGE").isString());
  }

  @Test
  void syslogMessage_hasItsProgram_itsProcessAndTheWholeRecord_inTheJournal() {
    for (String name : List.of("long", "noncharacter")) {
      assertThat(entries("syslog", "\"pid\":" + pid(name)))
          .singleElement()
          .satisfies(
              entry -> {
                assertThat(entry.at("/SYSLOG_IDENTIFIER").asString()).isEqualTo("kmodwatch");
                assertThat(entry.at("/SYSLOG_PID")).isEqualTo(entry.at("/_PID"));
                // 3 is the facility daemon.
                assertThat(entry.at("/SYSLOG_FACILITY").asString()).isEqualTo("3");
                assertThat(JSON.readTree(message(entry))).isEqualTo(whole(name));
              });
    }
  }

  @Test
  void process_hasTheDocumentedRights_andNoOther() throws IOException {
    assertThat(Files.readAllLines(out.resolve("process")))
        .contains(
            "CapEff:\t000000c000000004",
            "CapPrm:\t000000c000000004",
            "CapBnd:\t000000c000000004",
            "CapAmb:\t000000c000000004",
            "NoNewPrivs:\t1",
            "Seccomp:\t2");
  }

  @Test
  void sandbox_hasItsScore() throws IOException {
    assertThat(Files.readString(out.resolve("security")))
        .contains("Overall exposure level for kmodwatch.service: 2.4 OK");
  }

  @Test
  void service_tellsOfALoad_thatWasMadeWhileItWasKilled() {
    assertThat(log).contains("restarts 1");
    assertThat(line("down (?:activating|inactive) programs (\\d+)").group(1)).isNotEqualTo("0");
    assertThat(load("down").at("/outcome").asString()).isEqualTo("loaded");
  }

  @Test
  void attempts_areToldOnce_throughKillAndUpgrade() {
    assertThat(
            loads.stream()
                .filter(load -> !load.at("/gaps").toString().contains("may have been told before"))
                .map(load -> load.at("/id").asString()))
        .doesNotHaveDuplicates();
  }

  @Test
  void canary_isSeen_throughTheSandbox() {
    assertThat(log).contains("recorded 1 blind 0");
  }

  @Test
  void upgrade_restartsIt_withItsSettings_andFilesAreNobodyElses() {
    assertThat(log)
        .contains(
            "upgraded status=0",
            "upgrade restarted it",
            "mode 750 root:root d /etc/kmodwatch",
            "mode 640 root:root f /etc/kmodwatch/kmodwatch.env",
            "mode 700 kmodwatch:kmodwatch d /var/lib/kmodwatch",
            "mode 700 kmodwatch:kmodwatch d /var/lib/kmodwatch/images");
    assertThat(log.stream().filter(l -> l.startsWith("mode ") && l.contains(" f /var/lib/")))
        .isNotEmpty()
        .allMatch(
            line ->
                line.startsWith("mode 600 kmodwatch:kmodwatch")
                    || line.startsWith("mode 400 kmodwatch:kmodwatch"));
  }

  @Test
  void history_isKept_withTheLibraryOfThePackage() {
    assertThat(log)
        .contains("history 1", "mode 700 kmodwatch:kmodwatch d /var/lib/kmodwatch/history")
        .noneMatch(line -> line.startsWith("mode ") && line.contains("libsqlite"));
  }

  @Test
  void secrets_areSeenByNobody() {
    Matcher seen = line("lines seen (\\d+) secrets seen (\\d+)");
    assertThat(Integer.parseInt(seen.group(1))).isGreaterThan(100);
    assertThat(seen.group(2)).isEqualTo("0");
  }

  @Test
  void removal_leavesTheSettings_andPurgeNothing() {
    assertThat(log)
        .contains(
            "programs before 0",
            "removed status=0 active inactive bpffs 0 programs 0",
            "settings stay",
            "purged status=0");
    assertThat(log.subList(log.indexOf("purged status=0") + 1, log.size()))
        .filteredOn(line -> !OF_THE_SYSTEM.matcher(line).matches())
        .containsExactly("end");
  }

  private static List<String> journal() {
    try {
      return Files.readAllLines(out.resolve("journal"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the service's entries that reached journald by that transport and contain this text.
   */
  private static List<JsonNode> entries(String transport, String text) {
    return entries.stream()
        .filter(entry -> entry.at("/_TRANSPORT").asString().equals(transport))
        .filter(entry -> message(entry).contains(text))
        .toList();
  }

  /** Returns the service's message; journalctl shows it as a list of bytes if it is not text. */
  private static String message(JsonNode entry) {
    JsonNode message = entry.at("/MESSAGE");
    if (message.isString()) {
      return message.asString();
    }
    var bytes = new ByteArrayOutputStream();
    message.forEach(b -> bytes.write(b.asInt()));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static List<String> cutForTheJournal(JsonNode load) {
    return load.at("/gaps")
        .valueStream()
        .filter(gap -> gap.at("/why").asString().equals(CUT_FOR_THE_JOURNAL))
        .map(gap -> gap.at("/field").asString())
        .toList();
  }

  /** Returns the record of a sink that cuts nothing. */
  private static JsonNode whole(String name) {
    return of(name, whole);
  }

  private static int pid(String name) {
    return Integer.parseInt(line("case " + name + " (\\d+)").group(1));
  }

  private static JsonNode load(String name) {
    return of(name, loads);
  }

  private static JsonNode of(String name, List<JsonNode> records) {
    int pid = pid(name);
    return records.stream()
        .filter(load -> load.at("/loader/pid").asInt() == pid)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no record of case " + name));
  }

  private static Matcher line(String pattern) {
    return log.stream()
        .map(Pattern.compile(pattern)::matcher)
        .filter(Matcher::matches)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no line " + pattern));
  }
}
