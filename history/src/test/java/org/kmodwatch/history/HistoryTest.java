package org.kmodwatch.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.testing.FullRecord;
import org.kmodwatch.core.testing.KilledProgram;
import org.kmodwatch.core.testing.LoadRecordBuilder;
import org.kmodwatch.core.write.LoadWriter;
import org.kmodwatch.history.store.StoreException;

class HistoryTest {

  private static final long MAX_BYTES = 4L << 20;
  private static final Duration MAX_AGE = Duration.ofDays(30);

  @TempDir Path temporary;
  private final List<String> notes = new ArrayList<>();
  private Instant now = TestLoad.START;
  private long nowNanos = Long.MAX_VALUE - 5;

  @SuppressWarnings("NullAway.Init")
  private Path folder;

  @SuppressWarnings("NullAway.Init")
  private History history;

  @BeforeEach
  void open() {
    folder = temporary.resolve("history");
    history = open(MAX_BYTES);
  }

  @AfterEach
  void close() {
    history.close();
  }

  private History open(long maxBytes) {
    InstantSource clock = () -> now;
    return History.of(folder, maxBytes, MAX_AGE, clock, () -> nowNanos, notes::add);
  }

  @Test
  void record_comesOutAsItWas_withEveryKey() throws Exception {
    LoadRecord full = FullRecord.full();
    history.add(List.of(new LoadWriter().toBytes(full)));

    assertThat(read(HistoryFilter.ALL, 10)).containsExactly(full);
  }

  @Test
  void recordThatIsThereAlready_isNotAddedAgain() throws Exception {
    history.add(List.of(TestLoad.ordinary(1).json(), TestLoad.ordinary(2).json()));
    history.add(List.of(TestLoad.ordinary(2).json(), TestLoad.ordinary(3).json()));

    assertThat(ids(HistoryFilter.ALL, 10)).containsExactly("id-1", "id-2", "id-3");
  }

  @Test
  void request_isFoundByItsAlias_itsRequesterAndItsOutcome() throws Exception {
    LoadRecord request =
        LoadRecordBuilder.request("net-pf-38", LoadRecordBuilder.process("curl", 77, 1000))
            .refused(-1L, "a security module said no")
            .build();
    history.add(List.of(TestLoad.ordinary(1).json(), new LoadWriter().toBytes(request)));

    assertThat(read(named("net-pf-*"), 10)).containsExactly(request);
    assertThat(read(named("net-pf-4*"), 10)).isEmpty();
    assertThat(
            read(
                new HistoryFilter(
                    null, null, false, null, null, null, null, "refused", "curl", null),
                10))
        .containsExactly(request);
  }

  private static HistoryFilter named(String pattern) {
    return new HistoryFilter(null, null, false, pattern, null, null, null, null, null, null);
  }

  @Test
  void recordThatReplacesAnother_takesItsPlace_howeverOftenEitherIsGiven() throws Exception {
    LoadRecord first = FullRecord.full();
    LoadRecord last = first.withFindings(List.of("KMW-1006")).replacing("it had not returned");
    byte[] firstLine = new LoadWriter().toBytes(first);
    byte[] lastLine = new LoadWriter().toBytes(last);
    history.add(List.of(TestLoad.ordinary(1).json(), firstLine));
    history.add(List.of(lastLine, TestLoad.ordinary(2).json()));
    assertThat(read(HistoryFilter.ALL, 10)).hasSize(3).contains(last).doesNotContain(first);

    history.add(List.of(firstLine, lastLine, firstLine));
    assertThat(read(HistoryFilter.ALL, 10)).hasSize(3).contains(last).doesNotContain(first);
  }

  @Test
  void newest_comeInTheOrderOfTheirTime_andTheRestIsToldOf() throws Exception {
    history.add(Stream.of(5, 1, 4, 2, 3).map(n -> TestLoad.ordinary(n).json()).toList());

    assertThat(ids(HistoryFilter.ALL, 2)).containsExactly("id-4", "id-5");
    assertThat(find(HistoryFilter.ALL, 2, load -> {}))
        .isEqualTo(new HistoryReader.Found(2, true, 0));
    assertThat(find(HistoryFilter.ALL, 5, load -> {}))
        .isEqualTo(new HistoryReader.Found(5, false, 0));
    assertThat(ids(HistoryFilter.ALL, Long.MAX_VALUE))
        .containsExactly("id-1", "id-2", "id-3", "id-4", "id-5");
  }

  @Test
  void everyFilter_leavesWhatItSays_aloneAndWithOthers() throws Exception {
    history.close();
    history = open(64L << 20);
    var random = new Random(7);
    List<TestLoad> all =
        IntStream.range(0, 8000).mapToObj(n -> TestLoad.random(n, random)).toList();
    history.add(all.stream().map(TestLoad::json).toList());

    int found = 0;
    for (int round = 0; round < 300; round++) {
      HistoryFilter filter = filter(random);
      List<String> expected =
          all.stream()
              .filter(holds(filter))
              .sorted(Comparator.comparing(TestLoad::time))
              .map(TestLoad::id)
              .toList();
      assertThat(ids(filter, Long.MAX_VALUE))
          .as("%s", filter)
          .containsExactlyInAnyOrderElementsOf(expected);
      assertThat(ids(filter, Long.MAX_VALUE, 1))
          .as("by rows: %s", filter)
          .containsExactlyInAnyOrderElementsOf(expected);
      assertThat(ids(filter, 20)).as("newest of %s", filter).hasSize(Math.min(20, expected.size()));
      found += expected.size();
    }
    assertThat(found).isPositive();
  }

  private static HistoryFilter filter(Random random) {
    boolean from = random.nextInt(3) == 0;
    boolean to = random.nextInt(3) == 0;
    return new HistoryFilter(
        from ? TestLoad.START.plusSeconds(random.nextInt(100_000)) : null,
        to ? TestLoad.START.plusSeconds(random.nextInt(100_000)) : null,
        random.nextBoolean(),
        maybe(random, "dummy", "nf_*", "evil", "*", "nothing", "?n?", "x\"y\\z\u00e9\n"),
        maybe(random, TestLoad.hash(3).substring(0, 2), TestLoad.hash(4), "0", "ff"),
        maybe(random, "valid", "unsigned", "invalid"),
        maybe(random, "Debian*", "Build time key"),
        maybe(random, "loaded", "refused", "unloaded"),
        maybe(random, "iptables", "/usr/*", "insmod", "/tmp/iptables", "k*"),
        maybe(random, "distribution", "temporary", "memory", "/*/b.ko.xz", "/home/a.ko"));
  }

  private static @Nullable String maybe(Random random, String... values) {
    return random.nextInt(4) > 0 ? null : values[random.nextInt(values.length)];
  }

  /** The same in plain Java. */
  private static Predicate<TestLoad> holds(HistoryFilter filter) {
    return load ->
        (filter.since() == null || !load.time().isBefore(filter.since()))
            && (filter.until() == null || load.time().isBefore(filter.until()))
            && (filter.preExisting() || !load.preExisting())
            && like(filter.name(), load.name())
            && (filter.hash() == null
                || begins(load.sha256(), filter.hash())
                || begins(load.decompressed(), filter.hash()))
            && (filter.signature() == null || filter.signature().equals(load.signature()))
            && like(filter.signer(), load.signature() == null ? null : load.signer())
            && (filter.outcome() == null || filter.outcome().equals(load.outcome()))
            && isRequester(filter.requester(), load.requester())
            && isPlace(filter.place(), load);
  }

  private static boolean begins(@Nullable String hash, String prefix) {
    return hash != null && hash.startsWith(prefix);
  }

  private static boolean like(@Nullable String pattern, @Nullable String value) {
    if (pattern == null) {
      return true;
    }
    return value != null && regex(pattern, value);
  }

  private static boolean regex(String pattern, String value) {
    return value.matches(
        "(?s)\\Q" + pattern.replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q") + "\\E");
  }

  private static boolean isRequester(@Nullable String pattern, @Nullable String who) {
    if (pattern == null || who == null) {
      return pattern == null;
    }
    return regex(pattern, pattern.contains("/") ? who : Path.of(who).getFileName().toString());
  }

  private static boolean isPlace(@Nullable String wanted, TestLoad load) {
    if (wanted == null) {
      return true;
    }
    if (wanted.contains("/")) {
      return like(wanted, load.path());
    }
    return wanted.equals(load.place() == null ? "memory" : load.place());
  }

  @Test
  void pattern_takesLittleMemory_whateverManyValuesThereAre() throws Exception {
    history.add(List.of(TestLoad.ordinary(1).json()));
    addMany(60_000);
    try (HistoryReader reader = HistoryReader.open(folder)) {
      for (String pattern : List.of("run*", "*", "tool7", "nothing", "too?[1]")) {
        HistoryFilter filter = byRequester(pattern);
        HistoryReader.Query query = reader.query(filter);
        int bound =
            query == null
                ? 0
                : query.parameters().values().stream().mapToInt(v -> v.toString().length()).sum();
        assertThat(bound).as("what is bound for %s", pattern).isLessThan(2 << 20);
      }
      assertThat(reader.read(byRequester("run*"), 10, load -> {}).records()).isZero();
      assertThat(reader.read(byRequester("tool7"), Long.MAX_VALUE, load -> {}).records())
          .isEqualTo(60);
      assertThat(reader.read(byName("mod77*"), Long.MAX_VALUE, load -> {}).records())
          .isEqualTo(111);
      assertThat(reader.read(byName("*7777"), Long.MAX_VALUE, load -> {}).records()).isEqualTo(6);
    }
  }

  /** As if somebody had loaded modules by ever new programs, and under ever new names. */
  private void addMany(int rows) throws Exception {
    try (Connection sql =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("history.db"));
        PreparedStatement insert =
            sql.prepareStatement(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT"
                    + " INTO load (id, time, pre_existing, name, outcome, requester, record) SELECT"
                    + " 'many-' || i, time + i, 0, 'mod' || i, 'loaded',"
                    + " '/run/a-folder-with-a-long-name-and-the-number-' || i || '/tool' || (i %"
                    + " 1000), record FROM n, (SELECT time, record FROM load LIMIT 1)")) {
      insert.setInt(1, rows);
      insert.executeUpdate();
    }
  }

  private static HistoryFilter byRequester(String pattern) {
    return new HistoryFilter(null, null, true, null, null, null, null, null, pattern, null);
  }

  private static HistoryFilter byName(String pattern) {
    return new HistoryFilter(null, null, true, pattern, null, null, null, null, null, null);
  }

  @Test
  void boundBehindAPrefix_isTheNextTextInTheOrderOfBytes() {
    assertThat(RowSelection.after("mod7")).isEqualTo("mod8");
    assertThat(RowSelection.after("a\ud7ff")).isEqualTo("a\ue000");
    assertThat(RowSelection.after("a" + Character.toString(Character.MAX_CODE_POINT)))
        .isEqualTo("b");
    assertThat(RowSelection.after("")).isEmpty();
  }

  @Test
  void glob_takesTheWholeName_andIsNotSlowWithManyStars() {
    assertThat(new Glob("nf_*").matches("nf_tables")).isTrue();
    assertThat(new Glob("nf_*").matches("xnf_tables")).isFalse();
    assertThat(new Glob("*").matches("")).isTrue();
    assertThat(new Glob("a?c").matches("abc")).isTrue();
    assertThat(new Glob("a?c").matches("ac")).isFalse();
    assertThat(new Glob("*b*d").matches("abcbd")).isTrue();
    assertThat(new Glob("a.c").matches("abc")).isFalse();
    assertThat(new Glob("*a".repeat(30)).matches("a".repeat(55) + "b")).isFalse();
  }

  @Test
  void query_findsRowsByAnIndex_whetherTheyAreManyOrFew() throws Exception {
    history.close();
    history = open(64L << 20);
    var loads = new ArrayList<byte[]>();
    for (int n = 0; n < 7000; n++) {
      loads.add(TestLoad.ordinary(n).json());
    }
    loads.add(rare(7000).json());
    history.add(loads);
    try (HistoryReader reader = HistoryReader.open(folder)) {
      for (HistoryFilter filter : everyKind()) {
        HistoryReader.Query query = reader.query(filter);
        assertThat(query).as("%s", filter).isNotNull();
        assertThat(plan(reader, query))
            .as("%s", filter)
            .isNotEmpty()
            .noneMatch(step -> step.matches("SCAN load(?! USING (COVERING )?INDEX).*"))
            .noneMatch(step -> step.contains("AUTOMATIC"));
      }
    }
    assertThat(ids(everyKind().getFirst(), 10)).containsExactly("id-7000");
  }

  /** One that differs in everything from the ordinary ones. */
  private static TestLoad rare(int n) {
    return new TestLoad(
        n,
        TestLoad.START.plusSeconds(n),
        false,
        "evil",
        "ee" + "0".repeat(62),
        null,
        "unsigned",
        "nobody",
        "refused",
        null,
        "/tmp/loader",
        "temporary",
        "/tmp/evil.ko");
  }

  private static List<HistoryFilter> everyKind() {
    Instant late = TestLoad.START.plusSeconds(6990);
    return List.of(
        new HistoryFilter(null, null, true, "evil", null, null, null, null, null, null),
        new HistoryFilter(null, null, true, "dum*", null, null, null, null, null, null),
        new HistoryFilter(null, null, true, null, "ee", null, null, null, null, null),
        new HistoryFilter(null, null, true, null, null, "unsigned", null, null, null, null),
        new HistoryFilter(null, null, true, null, null, "valid", null, null, null, null),
        new HistoryFilter(null, null, true, null, null, null, "nobody", null, null, null),
        new HistoryFilter(null, null, true, null, null, null, null, "refused", null, null),
        new HistoryFilter(null, null, true, null, null, null, null, "loaded", null, null),
        new HistoryFilter(null, null, true, null, null, null, null, null, "loader", null),
        new HistoryFilter(null, null, true, null, null, null, null, null, null, "temporary"),
        new HistoryFilter(null, null, true, null, null, null, null, null, null, "/tmp/*"),
        new HistoryFilter(late, null, true, null, null, null, null, null, null, null),
        new HistoryFilter(late, null, false, "dummy", "e", null, null, "loaded", null, null));
  }

  private static List<String> plan(HistoryReader reader, HistoryReader.Query query)
      throws Exception {
    var steps = new ArrayList<String>();
    try (PreparedStatement explain =
            reader.prepare(
                "EXPLAIN QUERY PLAN SELECT sequence FROM %s ORDER BY time DESC LIMIT 100"
                    .formatted(query.from()),
                query.parameters());
        ResultSet rows = explain.executeQuery()) {
      while (rows.next()) {
        steps.add(rows.getString("detail"));
      }
    }
    return steps;
  }

  @Test
  void whatIsTooOld_goes() throws Exception {
    history.add(List.of(TestLoad.ordinary(0).json(), TestLoad.ordinary(10).json()));
    Duration passed = Duration.between(now, TestLoad.START.plus(MAX_AGE).plusSeconds(5));
    now = now.plus(passed);
    nowNanos += passed.toNanos();
    history.add(List.of(TestLoad.ordinary(3_000_000).json()));

    assertThat(ids(HistoryFilter.ALL, 10)).containsExactly("id-10", "id-3000000");
  }

  @Test
  void nothing_goesForItsAge_whenTheClockWasSetYearsForward() throws Exception {
    history.add(List.of(TestLoad.ordinary(0).json(), TestLoad.ordinary(10).json()));
    now = now.plus(MAX_AGE.multipliedBy(10));
    history.add(List.of(TestLoad.ordinary(11).json()));

    assertThat(ids(HistoryFilter.ALL, 10)).containsExactly("id-0", "id-10", "id-11");
  }

  @Test
  void whatIsTooMuch_goes_oldestFirst_andTheFileStaysSmall() throws Exception {
    int written = 0;
    for (; written < 20_000; written += 500) {
      history.add(
          IntStream.range(written, written + 500)
              .mapToObj(n -> TestLoad.ordinary(n).json())
              .toList());
    }
    List<String> left = ids(HistoryFilter.ALL, Long.MAX_VALUE);

    assertThat(left).hasSizeBetween(3_000, 12_000);
    assertThat(left)
        .isEqualTo(
            IntStream.range(written - left.size(), written).mapToObj(n -> "id-" + n).toList());
    assertThat(Files.size(folder.resolve("history.db"))).isLessThanOrEqualTo(MAX_BYTES + (1 << 20));
    assertThat(Files.size(folder.resolve("history.db-wal"))).isLessThanOrEqualTo(8 << 20);
  }

  @Test
  void fullDisk_changesNothing_andHistoryGoesOnAfterIt() throws Exception {
    history.add(List.of(TestLoad.ordinary(1).json()));
    history.execute("PRAGMA max_page_count=1");
    List<byte[]> many =
        IntStream.range(2, 2000).mapToObj(n -> TestLoad.ordinary(n).json()).toList();

    assertThatThrownBy(() -> history.add(many))
        .isInstanceOf(HistoryException.class)
        .hasMessageContaining("full");
    assertThat(ids(HistoryFilter.ALL, 10)).containsExactly("id-1");

    history.execute("PRAGMA max_page_count=10000");
    history.add(many);
    assertThat(ids(HistoryFilter.ALL, Long.MAX_VALUE)).hasSize(1999);
  }

  @Test
  void killedWriter_leavesAllThatItWasToldIsWritten() throws Exception {
    history.close();
    int written = 0;
    for (int round = 0; round < 4; round++) {
      written =
          KilledProgram.run(
              written + 200, Writer.class, folder.toString(), Integer.toString(written));
      assertThat(integrity()).isEqualTo("ok");
      List<String> ids = ids(HistoryFilter.ALL, Long.MAX_VALUE);
      assertThat(ids).hasSizeGreaterThanOrEqualTo(written);
      assertThat(ids).isEqualTo(IntStream.range(0, ids.size()).mapToObj(n -> "id-" + n).toList());
      written = ids.size();
    }
    history = open(MAX_BYTES);
    history.add(List.of(TestLoad.ordinary(written).json()));
    assertThat(ids(HistoryFilter.ALL, 1)).containsExactly("id-" + written);
    assertThat(notes).isEmpty();
  }

  /** Writes one record after the other until it is killed, and says how many there are. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) throws Exception {
      History history =
          History.of(
              Path.of(args[0]),
              64 << 20,
              MAX_AGE,
              () -> TestLoad.START,
              () -> 0,
              System.err::println);
      for (int n = Integer.parseInt(args[1]); ; n++) {
        history.add(List.of(TestLoad.ordinary(n).json()));
        System.out.println(n + 1);
      }
    }
  }

  private String integrity() throws Exception {
    try (Connection sql =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("history.db"));
        ResultSet row = sql.createStatement().executeQuery("PRAGMA integrity_check")) {
      return row.getString(1);
    }
  }

  @Test
  void damagedFile_isSetAside_andANewOneBegun() throws Exception {
    history.add(List.of(TestLoad.ordinary(1).json()));
    history.close();
    Files.writeString(folder.resolve("history.db"), "x".repeat(8192));
    history = open(MAX_BYTES);
    history.add(List.of(TestLoad.ordinary(2).json()));

    assertThat(notes)
        .singleElement()
        .asString()
        .startsWith(
            "history: damaged, what was in it is not in the new one; kept as %s/history.db.damaged-1 ("
                .formatted(folder));
    assertThat(ids(HistoryFilter.ALL, 10)).containsExactly("id-2");
  }

  @Test
  void damagedRecord_isCounted_andLeavesTheOthers() throws Exception {
    history.add(List.of(TestLoad.ordinary(1).json(), TestLoad.ordinary(2).json()));
    history.execute("UPDATE load SET record = x'01ff' WHERE id = 'id-1'");
    history.execute("UPDATE load SET record = x'' WHERE id = 'id-3'");

    assertThat(find(HistoryFilter.ALL, 10, load -> {}))
        .isEqualTo(new HistoryReader.Found(1, false, 1));
    assertThat(find(HistoryFilter.ALL, Long.MAX_VALUE, load -> {}))
        .isEqualTo(new HistoryReader.Found(1, false, 1));
  }

  @Test
  void historyOfALaterVersion_isLeftAlone_withTheRemedy() throws Exception {
    history.add(List.of(TestLoad.ordinary(1).json()));
    history.execute("PRAGMA user_version=99");
    history.close();
    history = open(MAX_BYTES);
    String message =
        "the history is of a later Kmodwatch: version=99, known=1; remedy: install that one, or"
            + " move the file away";

    assertThatThrownBy(() -> history.add(List.of(TestLoad.ordinary(2).json())))
        .isInstanceOf(HistoryException.class)
        .hasMessageContaining(message);
    assertThatThrownBy(() -> HistoryReader.open(folder))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(message);
  }

  @Test
  void historyOfTheFirstVersion_isReadAndGoesOn() throws Exception {
    history.close();
    Files.copy(
        Path.of("src/test/resources/history/version-1.db"),
        Files.createDirectories(folder).resolve("history.db"));
    history = open(MAX_BYTES);

    assertThat(ids(HistoryFilter.ALL, 10)).containsExactly("id-0", "id-1", "id-2");
    history.add(List.of(TestLoad.ordinary(3).json()));
    assertThat(read(HistoryFilter.ALL, 10))
        .extracting(load -> load.module().name())
        .containsExactly("dummy", "dummy", "dummy", "dummy");
  }

  @Test
  void whereThereIsNone_theReaderSaysWhatToDo() {
    Path nowhere = temporary.resolve("nowhere");

    assertThatThrownBy(() -> HistoryReader.open(nowhere))
        .isInstanceOf(StoreException.class)
        .hasMessage(
            "there is no history in %s; remedy: kmodwatch watch --history, or give the folder: --history DIR"
                .formatted(nowhere));
  }

  @Test
  void folderThatOthersCanLookInto_isRefused() throws IOException {
    Path open = temporary.resolve("open");
    Files.createDirectory(
        open, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));

    assertThatThrownBy(
            () -> History.of(open, MAX_BYTES, MAX_AGE, InstantSource.system(), () -> 0, notes::add))
        .isInstanceOf(StoreException.class)
        .hasMessage("--history: others may look into the folder; remedy: chmod 700 " + open);
  }

  @Test
  void secondWriter_waitsForTheFirst() throws Exception {
    history.add(List.of(TestLoad.ordinary(1).json()));
    try (History second = open(MAX_BYTES)) {
      assertThatThrownBy(() -> second.add(List.of(TestLoad.ordinary(2).json())))
          .isInstanceOf(HistoryException.class)
          .hasMessageContaining("another kmodwatch uses the folder");
      history.close();
      second.add(List.of(TestLoad.ordinary(2).json()));
    }
    assertThat(ids(HistoryFilter.ALL, 10)).containsExactly("id-1", "id-2");
  }

  @Test
  void packedRecord_isAThirdOfARealOne() throws Exception {
    byte[] json = Files.readAllBytes(Path.of("src/test/resources/history/record.json"));
    byte[] packed = PackedRecord.pack(json);

    assertThat(PackedRecord.unpack(packed)).isEqualTo(json);
    assertThat(packed.length * 3).isLessThan(json.length);
  }

  private List<LoadRecord> read(HistoryFilter filter, long atMost) throws HistoryException {
    var loads = new ArrayList<LoadRecord>();
    find(filter, atMost, loads::add);
    return loads;
  }

  private List<String> ids(HistoryFilter filter, long atMost) throws HistoryException {
    return read(filter, atMost).stream().map(LoadRecord::id).toList();
  }

  private List<String> ids(HistoryFilter filter, long atMost, int maxValues)
      throws HistoryException {
    var ids = new ArrayList<String>();
    try (HistoryReader reader = HistoryReader.open(folder, maxValues)) {
      HistoryReader.Found ignored = reader.read(filter, atMost, load -> ids.add(load.id()));
    }
    return ids;
  }

  private HistoryReader.Found find(HistoryFilter filter, long atMost, Consumer<LoadRecord> loads)
      throws HistoryException {
    try (HistoryReader reader = HistoryReader.open(folder)) {
      return reader.read(filter, atMost, loads);
    }
  }
}
