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
 * Runs Jazzer on the reader in a separate process. It starts from the kept seeds and from files
 * that request much. An error of the virtual machine, too much time and too much memory are
 * findings too. This run is short; {@code tools/fuzz.sh images} runs longer. A finding is a file in
 * {@code target/fuzz}, which is added to the seeds after the fix.
 */
@NullMarked
class FuzzTest {

  private static final int SECONDS = Integer.getInteger("kmodwatch.fuzz.seconds", 15);

  /**
   * The fixed seed makes a failure depend on the change alone. A run by hand has 0, which means
   * another seed each time.
   */
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
            "--instrumentation_includes=org.kmodwatch.image.**:org.kmodwatch.core.scan.**:org.tukaani.xz.**",
            // Only coverage is traced: tracing comparisons allocates four times as much as the
            // decoder.
            "--trace=cov",
            // Its hooks allocate an object for each number that the decompressor writes, unless the
            // compiler removes it. These objects would be much of the measured memory.
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.UnsafeSanitizer",
            "--reproducer_path=" + folder,
            "-max_total_time=" + SECONDS,
            "-seed=" + SEED,
            // The limit for one input is in seconds of time, since the machine may be busy. The
            // target checks processor time.
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
