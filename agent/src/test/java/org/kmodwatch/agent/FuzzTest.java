package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/**
 * Jazzer on what reads recordings, audit logs and configurations, each in a process of its own: an
 * error of the virtual machine, too much time and too much memory are findings like any other.
 * Begins with what is kept as test data and with inputs that ask for much. Short here; longer by
 * {@code tools/fuzz.sh}. What it finds is a file in {@code target/fuzz}.
 */
class FuzzTest {

  private static final int SECONDS = Integer.getInteger("kmodwatch.fuzz.seconds", 5);

  /** The same each time, so that a change fails by its own doing; 0, another each time, by hand. */
  private static final int SEED = System.getProperty("kmodwatch.fuzz.seconds") == null ? 1 : 0;

  private static final Duration ROOM = Duration.ofMinutes(4);

  private static final Path RECORDINGS = Path.of("../core/src/test/resources/recordings");

  @Test
  void recordings_areReadToTheirEnd() throws Exception {
    var seeds = new HashMap<String, byte[]>();
    for (String name : List.of("flat", "mixed", "protobuf")) {
      seeds.put(name, Files.readAllBytes(RECORDINGS.resolve(name + ".ndjson")));
    }
    seeds.putAll(hostileRecordings());
    fuzz("recordings", RecordingFuzzer.class, seeds);
  }

  @Test
  void auditLogs_areReadToTheirEnd() throws Exception {
    var seeds = new HashMap<String, byte[]>();
    for (String name : List.of("raw", "node", "enriched")) {
      seeds.put(name, Files.readAllBytes(RECORDINGS.resolve("audit-" + name + ".log")));
    }
    seeds.putAll(hostileLogs());
    fuzz("audit", RecordingFuzzer.class, seeds);
  }

  @Test
  void configurations_areReadOrRefused() throws Exception {
    var seeds = new HashMap<String, byte[]>();
    seeds.put("example", bytes(new Cli().run("config", "init").out()));
    seeds.put("example-in-force", bytes(new Cli().run("config", "init").out().replace("# ", "")));
    seeds.putAll(hostileConfigurations());
    fuzz("configuration", ConfigurationFuzzer.class, seeds);
  }

  private static Map<String, byte[]> hostileRecordings() throws IOException {
    String event = "{\"timestamp\":1,\"eventName\":\"init_module\",\"args\":[],\"x\":%s}\n";
    var seeds = new HashMap<String, byte[]>();
    seeds.put("escapes", bytes(event.formatted("\"" + "\\u0061".repeat(165_000) + "\"")));
    seeds.put("deep", bytes(event.formatted("[".repeat(50_000) + "]".repeat(50_000))));
    seeds.put("deep-objects", bytes("{\"a\":".repeat(50_000) + "1" + "}".repeat(50_000) + "\n"));
    seeds.put("number", bytes(event.formatted("9".repeat(200_000))));
    String sample = Files.readString(RECORDINGS.resolve("protobuf.ndjson"));
    seeds.put(
        "controls", bytes(sample.replaceFirst("\"prod\"", "\"" + "\u0001".repeat(360_000) + "\"")));
    seeds.put("exponent", bytes(event.formatted("1e999999999")));
    seeds.put("newlines", bytes("\n".repeat(100_000)));
    seeds.put("zeroes", new byte[100_000]);
    seeds.put("gzip-empty-members", repeated(gzip(""), 20_000, gzip(event.formatted("1"))));
    seeds.put(
        "zstd-runs",
        repeated(
            HexFormat.of().parseHex("28b52ffd0088"),
            1,
            HexFormat.of().parseHex("02001000".repeat(3000) + "010000")));
    seeds.put(
        "zstd-skippable-size", HexFormat.of().parseHex("502a4d18ffffffff" + "28b52ffd2000010000"));
    return seeds;
  }

  private static Map<String, byte[]> hostileLogs() {
    String head = "type=%s msg=audit(1.000:%d): ";
    var seeds = new HashMap<String, byte[]>();
    var open = new StringBuilder();
    for (int i = 0; i < 5000; i++) {
      open.append(head.formatted("SYSCALL", i)).append("arch=c000003e syscall=313 success=no\n");
    }
    seeds.put("events-without-end", bytes(open.toString()));
    seeds.put(
        "arguments",
        bytes(
            head.formatted("SYSCALL", 1)
                + "arch=c000003e syscall=175 success=yes\n"
                + (head.formatted("EXECVE", 1) + "argc=9 a0=\"x\"\n").repeat(5000)
                + head.formatted("EOE", 1)
                + "\n"));
    seeds.put("hexadecimal", bytes(head.formatted("PATH", 1) + "name=" + "2F".repeat(200_000)));
    seeds.put("quotes", bytes(head.formatted("PATH", 1) + "name=\"".repeat(50_000)));
    seeds.put("keys", bytes(head.formatted("SYSCALL", 1) + "a=1 ".repeat(100_000)));
    return seeds;
  }

  private static Map<String, byte[]> hostileConfigurations() {
    var seeds = new HashMap<String, byte[]>();
    var aliases = new StringBuilder("sinks:\n  k0: &b0 [x,x,x]\n");
    for (int i = 1; i < 16; i++) {
      aliases.append("  k%d: &b%d [*b%d,*b%d,*b%d]\n".formatted(i, i, i - 1, i - 1, i - 1));
    }
    seeds.put("aliases", bytes(aliases.toString()));
    seeds.put("lists", bytes("policy: " + "[".repeat(50_000)));
    seeds.put("tables", bytes("{a: ".repeat(50_000)));
    seeds.put("blocks", bytes("- ".repeat(50_000)));
    seeds.put("keys", bytes("? ".repeat(50_000)));
    seeds.put("unknown-keys", bytes("a%d: 1\n".repeat(10_000)));
    String rule = "policy:\n- name: a\n  owner: b\n  reason: c\n  verdict: alert\n  when: '%s'\n";
    seeds.put("condition", bytes(rule.formatted("(".repeat(20_000) + "true" + ")".repeat(20_000))));
    seeds.put("conditions", bytes(rule.formatted("true" + " && true".repeat(5000))));
    seeds.put("not", bytes(rule.formatted("!".repeat(20_000) + "true")));
    seeds.put(
        "expression",
        bytes(rule.formatted("file.path.matches(\"((a{1000}){1000}){1000}(a|b|c)*\")")));
    return seeds;
  }

  private static void fuzz(String name, Class<?> target, Map<String, byte[]> seeds)
      throws Exception {
    Path folder = Files.createDirectories(Path.of("target/fuzz", name).toAbsolutePath());
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    Path start = Files.createDirectories(folder.resolve("seeds"));
    for (Map.Entry<String, byte[]> seed : seeds.entrySet()) {
      Files.write(start.resolve(seed.getKey()), seed.getValue());
    }
    Path log = folder.resolve("fuzz.log");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-Xss512k",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+EnableDynamicAgentLoading",
            "-cp",
            System.getProperty("java.class.path"),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + target.getName(),
            "--instrumentation_includes=org.kmodwatch.**:org.snakeyaml.**",
            // Coverage alone: what traces comparisons allocates half a GiB for a map's look-ups.
            "--trace=cov",
            // Its hooks make an object of each number that the decompressor writes, unless the
            // compiler sees that nobody keeps it: much of the memory would be theirs.
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.UnsafeSanitizer",
            "--reproducer_path=" + folder,
            "-max_total_time=" + SECONDS,
            "-seed=" + SEED,
            // Seconds for one input: the machine may be busy. FuzzCost looks at the processor's.
            "-timeout=120",
            "-max_len=1048576",
            "-rss_limit_mb=3000",
            "-print_final_stats=1",
            "-artifact_prefix=" + folder + "/",
            corpus.toString(),
            start.toString());
    Process fuzzer =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      boolean ended = fuzzer.waitFor(SECONDS + ROOM.toSeconds(), TimeUnit.SECONDS);
      assertThat(ended).as("the fuzzer ended; its log is %s", log).isTrue();
      assertThat(fuzzer.exitValue()).as("exit status; %s says what it found", log).isZero();
      assertThat(log).content().containsPattern("stat::number_of_executed_units: [1-9]");
    } finally {
      fuzzer.destroyForcibly();
    }
  }

  private static byte[] repeated(byte[] part, int count, byte[] last) {
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      bytes.writeBytes(part);
    }
    bytes.writeBytes(last);
    return bytes.toByteArray();
  }

  private static byte[] gzip(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(bytes(text));
    }
    return bytes.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
