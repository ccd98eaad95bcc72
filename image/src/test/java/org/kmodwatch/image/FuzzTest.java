package org.kmodwatch.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/**
 * Jazzer on the reader, from the kept seeds and from files that ask for much, in a process of its
 * own: an error of the virtual machine, too much time and too much memory are findings like any
 * other. Short here; longer by {@code tools/fuzz.sh images}. What it finds is a file in {@code
 * target/fuzz}, which goes into the seeds once the fault is mended.
 */
@NullMarked
class FuzzTest {

  private static final int SECONDS = Integer.getInteger("kmodwatch.fuzz.seconds", 15);

  /** The same each time, so that a change fails by its own doing; 0, another each time, by hand. */
  private static final int SEED = System.getProperty("kmodwatch.fuzz.seconds") == null ? 1 : 0;

  private static final Duration ROOM = Duration.ofMinutes(2);

  @Test
  void findsNothingButTheOneException() throws Exception {
    Path folder = Files.createDirectories(Path.of("target/fuzz").toAbsolutePath());
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    Path hostile = Files.createDirectories(folder.resolve("hostile"));
    for (Map.Entry<String, byte[]> seed : HostileSeeds.all().entrySet()) {
      Files.write(hostile.resolve(seed.getKey()), seed.getValue());
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
            "--target_class=" + ModuleImageFuzzer.class.getName(),
            "--instrumentation_includes=org.kmodwatch.image.**:org.kmodwatch.core.format.**:org.tukaani.xz.**",
            // Coverage alone: what traces comparisons allocates four times what the decoder does.
            "--trace=cov",
            // Its hooks make an object of each number that the decompressor writes, unless the
            // compiler sees that nobody keeps it: much of the memory would be theirs.
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.UnsafeSanitizer",
            "--reproducer_path=" + folder,
            "-max_total_time=" + SECONDS,
            "-seed=" + SEED,
            // Seconds for one input: the machine may be busy. The target looks at the processor's.
            "-timeout=60",
            "-max_len=524288",
            "-rss_limit_mb=3000",
            "-print_final_stats=1",
            "-artifact_prefix=" + folder + "/",
            corpus.toString(),
            Seeds.folder().toAbsolutePath().toString(),
            hostile.toString());
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
}
