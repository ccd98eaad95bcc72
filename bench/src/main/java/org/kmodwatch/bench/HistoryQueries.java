package org.kmodwatch.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.history.History;
import org.kmodwatch.history.HistoryException;
import org.kmodwatch.history.HistoryFilter;
import org.kmodwatch.history.HistoryReader;

/**
 * Fills a history with a million records and queries it. As on a real machine, most are loads of a
 * distribution's modules and a few are attacks. Each query reads the newest hundred matches.
 */
final class HistoryQueries implements Measurement {

  private static final int RECORDS = 1_000_000;
  private static final int BATCH = 100;
  private static final int ROUNDS = 21;
  private static final int NEWEST = 100;
  private static final Duration TARGET = Duration.ofMillis(100);

  /** Sets the number of records for each attack. */
  private static final int ATTACK = 20_000;

  private static final int MODULES = 400;
  private static final Instant START = Instant.parse("2025-11-25T00:00:00Z");
  private static final Instant END = START.plusSeconds(30L * RECORDS);

  @Override
  public String name() {
    return "history";
  }

  @Override
  public String summary() {
    return "a million records in the history, and how long queries take; some minutes";
  }

  @Override
  public Figures measure(Workplace workplace) throws Exception {
    Path folder = workplace.folder(name()).resolve("database");
    delete(folder);
    try {
      workplace.say("writing %,d records".formatted(RECORDS));
      long start = System.nanoTime();
      fill(folder);
      double seconds = (System.nanoTime() - start) / 1e9;
      var figures = new Figures.Builder();
      figures.add(
          "%,d records, %,d a commit".formatted(RECORDS, BATCH),
          "%.0f s, %,.0f a second".formatted(seconds, RECORDS / seconds));
      double megabytes = Files.size(folder.resolve("history.db")) / 1e6;
      figures.add(
          "size of the database",
          "%,.0f MB, %,.0f bytes a record".formatted(megabytes, megabytes * 1e6 / RECORDS));
      try (HistoryReader reader = HistoryReader.open(folder)) {
        for (Map.Entry<String, HistoryFilter> query : queries().entrySet()) {
          ask(figures, reader, query.getKey(), query.getValue());
        }
      }
      return figures.build();
    } finally {
      delete(folder);
    }
  }

  private static void ask(
      Figures.Builder figures, HistoryReader reader, String what, HistoryFilter filter)
      throws HistoryException {
    var nanos = new ArrayList<Long>();
    long found = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      found = reader.read(filter, NEWEST, record -> {}).records();
      nanos.add(System.nanoTime() - start);
    }
    Spread spread = Spread.of(what, nanos);
    figures.add(
        "`%s`: %d found".formatted(what, found),
        "%.1f ms, at most %.1f ms".formatted(spread.median() / 1e6, spread.max() / 1e6),
        "at most %d ms".formatted(TARGET.toMillis()),
        spread.max() <= TARGET.toNanos());
  }

  private static Map<String, HistoryFilter> queries() {
    var queries = new LinkedHashMap<String, HistoryFilter>();
    Instant hour = END.minus(Duration.ofHours(1));
    queries.put("", filter(null, null, null, null, null, null, null, null));
    queries.put("--since 1h", filter(hour, null, null, null, null, null, null, null));
    queries.put("--name module_7", filter(null, "module_7", null, null, null, null, null, null));
    queries.put(
        "--name kw_rootkit", filter(null, "kw_rootkit", null, null, null, null, null, null));
    queries.put("--name '*oot*'", filter(null, "*oot*", null, null, null, null, null, null));
    queries.put("--name '*_1*'", filter(null, "*_1*", null, null, null, null, null, null));
    queries.put(
        "--hash " + hash(7).substring(0, 8),
        filter(null, null, hash(7).substring(0, 8), null, null, null, null, null));
    queries.put("--hash 0", filter(null, null, "0", null, null, null, null, null));
    queries.put(
        "--signature unsigned", filter(null, null, null, "unsigned", null, null, null, null));
    queries.put("--signer 'Debian*'", filter(null, null, null, null, "Debian*", null, null, null));
    queries.put("--outcome refused", filter(null, null, null, null, null, "refused", null, null));
    queries.put(
        "--name module_7 --outcome refused",
        filter(null, "module_7", null, null, null, "refused", null, null));
    queries.put("--outcome loaded", filter(null, null, null, null, null, "loaded", null, null));
    queries.put("--requester insmod", filter(null, null, null, null, null, null, "insmod", null));
    queries.put("--requester kmod", filter(null, null, null, null, null, null, "kmod", null));
    queries.put("--place temporary", filter(null, null, null, null, null, null, null, "temporary"));
    queries.put("--place '/tmp/*'", filter(null, null, null, null, null, null, null, "/tmp/*"));
    queries.put(
        "--name 'module_*' --outcome loaded --signature unsigned",
        filter(null, "module_*", null, "unsigned", null, "loaded", null, null));
    queries.put(
        "--name module_7 --outcome loaded --signer 'Debian*' --place distribution",
        filter(null, "module_7", null, null, "Debian*", "loaded", null, "distribution"));
    String digit = digitOfNone(70, 79);
    queries.put(
        "--name 'module_7?' --hash %s".formatted(digit),
        filter(null, "module_7?", digit, null, null, null, null, null));
    return queries;
  }

  /**
   * Returns a digit that no hash of these modules begins with, though thousands of other hashes do.
   */
  private static String digitOfNone(int from, int to) {
    return IntStream.range(0, 16)
        .mapToObj(Integer::toHexString)
        .filter(digit -> IntStream.rangeClosed(from, to).noneMatch(n -> hash(n).startsWith(digit)))
        .findFirst()
        .orElseThrow();
  }

  private static HistoryFilter filter(
      @Nullable Instant since,
      @Nullable String name,
      @Nullable String hash,
      @Nullable String signature,
      @Nullable String signer,
      @Nullable String outcome,
      @Nullable String requester,
      @Nullable String place) {
    return new HistoryFilter(
        since, null, false, name, hash, signature, signer, outcome, requester, place);
  }

  private static void fill(Path folder) throws HistoryException {
    var random = new Random(RecordingGenerator.SEED);
    try (History history =
        History.of(folder, 8L << 30, Duration.ofDays(36_500), () -> END, () -> 0, note -> {})) {
      var batch = new ArrayList<byte[]>(BATCH);
      for (int n = 0; n < RECORDS; n++) {
        batch.add(record(n, random).getBytes(StandardCharsets.UTF_8));
        if (batch.size() == BATCH) {
          history.add(batch);
          batch.clear();
        }
      }
    }
  }

  private static String hash(int n) {
    return "%08x".formatted(n * 0x9E3779B1).repeat(8);
  }

  /** Returns a record as large as the sensor's records. */
  private static String record(int n, Random random) {
    Instant time = START.plusSeconds(30L * n).plusNanos(random.nextInt(1_000_000_000));
    boolean attack = n % ATTACK == ATTACK - 1;
    int module = random.nextInt(MODULES);
    String name = attack ? "kw_rootkit" : "module_" + module;
    String path =
        attack
            ? "/tmp/" + name + ".ko"
            : "/usr/lib/modules/6.12.0-amd64/kernel/drivers/" + name + ".ko.xz";
    String program = attack ? "/usr/sbin/insmod" : "/usr/bin/kmod";
    int pid = 300 + random.nextInt(30_000);
    return String.format(
        Locale.ROOT,
        """
        {"schema":"kmodwatch.load/1","id":"%x-%x","time":"%s","durationNs":%d,\
        "host":{"name":"host-17","bootId":"d43107cd-2c1a-4c6a-a6b4-22ee21d3306f",\
        "kernel":"6.12.0-amd64","arch":"x86_64"},"action":"load","outcome":"%s",\
        "returnValue":%d,"route":{"syscall":"finit_module","abi":"native","params":""},\
        "module":{"name":"%s","srcversion":"%024X",\
        "vermagic":"6.12.0-amd64 SMP preempt mod_unload modversions","license":"GPL",\
        "description":"Module number %d","author":"Somebody","intree":%b,"sizeBytes":%d},\
        "image":{"sha256":"%s","sizeBytes":%d,"source":"kernel","complete":true,\
        "signature":{"status":"%s"%s}},\
        "file":{"path":"%s","device":2,"inode":%d,"ctime":"2025-10-01T00:00:00Z","place":"%s"},\
        "loader":{"pid":%d,"tid":%d,"parentPid":1,"hostPid":%d,"comm":"modprobe","exe":"%s",\
        "args":["modprobe","%s"],"uid":0,"euid":0,"capabilities":["CAP_SYS_MODULE"],\
        "startTime":"%s","namespaces":{"mnt":4026531841,"net":4026531840,"pid":4026531836,\
        "user":4026531837},"cgroup":"/system.slice/systemd-udevd.service",\
        "ancestors":[{"pid":1,"comm":"systemd","exe":"/usr/lib/systemd/systemd"}]},\
        "findings":["TRC-1017"],"repeats":1}\
        """,
        time.getEpochSecond() * 1_000_000_000L + time.getNano(),
        pid,
        time,
        1_000_000 + random.nextInt(50_000_000),
        attack ? "refused" : "loaded",
        attack ? -129 : 0,
        name,
        random.nextLong() & Long.MAX_VALUE,
        module,
        !attack,
        5_000 + module,
        attack ? hash(-1) : hash(module),
        5_000 + module,
        attack ? "unsigned" : "valid",
        attack ? "" : ",\"signer\":\"Debian Secure Boot CA\",\"digest\":\"sha256\"",
        path,
        1_000 + module,
        attack ? "temporary" : "distribution",
        pid,
        pid,
        pid,
        program,
        name,
        time.minusMillis(100));
  }

  private static void delete(Path folder) throws IOException {
    if (Files.notExists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
