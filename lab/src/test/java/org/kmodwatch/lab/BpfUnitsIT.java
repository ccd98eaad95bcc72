package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests parts of the sensor's BPF programs separately. A program of {@code units.bpf.c} calls a
 * part, and {@code units.c} runs the program by BPF_PROG_TEST_RUN on its own files. No module is
 * loaded.
 */
@ParameterizedClass(name = "kernel {0}")
@MethodSource("org.kmodwatch.lab.TestKernels#newest")
final class BpfUnitsIT {

  private static final int FILE_KNOWN = 1 << 1;
  private static final int FILE_DELETED = 1 << 2;
  private static final int PATH_CUT = 1 << 3;
  private static final int FILE_NO_TREE = 1 << 13;
  private static final int PATH_GAP = 1 << 15;

  private static final String LONG_NAME = "a_name_that_is_too_long_for_the_dentry.ko";
  private static final String FOLDER = "f".repeat(100);

  private static final List<String> QUESTIONS =
      List.of(
          "suffix a.ko",
          "suffix a.ko.xz",
          "suffix a.ko.gz",
          "suffix a.ko.zst",
          "suffix .ko",
          "suffix ako",
          "suffix a.KO",
          "suffix a.ko.bz2",
          "suffix " + LONG_NAME,
          "named kw-plain.ko kw_plain",
          "named kw_plain.ko.xz kw_plain",
          "named kw_plain2.ko kw_plain",
          "named kw_plai.ko kw_plain",
          "path a.ko",
          "path /a.ko",
          "path /tmp/mount/a.ko",
          "path !/tmp/mount/b.ko",
          "path -a.ko",
          "bucket 0 1000000 4 100 10",
          "bucket 1000400 1000000 4 100 10",
          "bucket 1000400 1000199 4 100 10",
          "bucket 1000400 9000000 4 100 10",
          "token 1000 1 4000",
          "token 2000 100000 4000",
          "descend %s 50".formatted(FOLDER),
          "path end.ko");

  @TempDir private static Path folder;

  /** Holds the answers, by object file and question. */
  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static Map<String, String> answers;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static Map<String, String> directAnswers;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  @Parameter
  String kernel;

  @BeforeParameterizedClassInvocation
  static void boot(String kernel) throws IOException, InterruptedException {
    Path root = Checkout.find().root();
    Path programs = root.resolve("sensor/src/main/bpf");
    Path tests = root.resolve("lab/src/test/bpf");
    compileProgram(programs, tests, "units.bpf.o");
    compileProgram(programs, tests, "units-direct.bpf.o", "-DKW_NO_PROBE_READ");
    execute(
        "gcc",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-I" + programs,
        "-o",
        in("units"),
        tests.resolve("units.c").toString(),
        "-lbpf");
    Files.writeString(folder.resolve("questions"), String.join("\n", QUESTIONS) + "\n");
    String script =
        """
        chmod +x units
        mkdir /tmp/mount
        mount -t tmpfs none /tmp/mount
        for object in units units-direct; do
          mkdir $object.d
          (cd $object.d && /root/units /root/$object.bpf.o </root/questions >/out/$object.txt) || exit 1
        done
        """;
    LabRun run = LabRun.of(kernel, script).withoutSensor();
    for (String file : List.of("units", "units.bpf.o", "units-direct.bpf.o", "questions")) {
      run = run.withFile(AddedFile.of(folder.resolve(file)));
    }
    LabResult result = Boots.run(run);
    assertThat(result.exitStatus()).as(Files.readString(result.guestLog())).isZero();
    answers = answers(result.out().resolve("units.txt"));
    directAnswers = answers(result.out().resolve("units-direct.txt"));
  }

  private static void compileProgram(Path programs, Path tests, String object, String... options)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<>(
            List.of(
                "sh",
                programs.resolve("build.sh").toString(),
                folder.toString(),
                tests.resolve("units.bpf.c").toString(),
                object,
                "-Wno-unused-function"));
    command.addAll(Arrays.asList(options));
    execute(command.toArray(String[]::new));
  }

  private static void execute(String... command) throws IOException, InterruptedException {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  private static String in(String name) {
    return folder.resolve(name).toString();
  }

  private static Map<String, String> answers(Path file) throws IOException {
    var answers = new LinkedHashMap<String, String>();
    for (String line : Files.readAllLines(file)) {
      String[] parts = line.split(": ", 2);
      answers.put(parts[0], parts[1]);
    }
    assertThat(answers).hasSameSizeAs(QUESTIONS);
    return answers;
  }

  @Test
  void suffix_isThatOfAModuleFile_orNone() {
    for (Map<String, String> of : List.of(answers, directAnswers)) {
      assertThat(of)
          .containsEntry("suffix a.ko", "3")
          .containsEntry("suffix a.ko.xz", "6")
          .containsEntry("suffix a.ko.gz", "6")
          .containsEntry("suffix a.ko.zst", "7")
          .containsEntry("suffix .ko", "0")
          .containsEntry("suffix ako", "0")
          .containsEntry("suffix a.KO", "0")
          .containsEntry("suffix a.ko.bz2", "0");
    }
    assertThat(answers).containsEntry("suffix " + LONG_NAME, "3");
  }

  @Test
  void name_isTheModules_withDashOrUnderscore() {
    assertThat(answers)
        .containsEntry("named kw-plain.ko kw_plain", "1")
        .containsEntry("named kw_plain.ko.xz kw_plain", "1")
        .containsEntry("named kw_plain2.ko kw_plain", "0")
        .containsEntry("named kw_plai.ko kw_plain", "0");
  }

  @Test
  void path_isWhole_acrossMounts() {
    assertThat(answers)
        .containsEntry("path a.ko", path("/root/units.d/a.ko", FILE_KNOWN))
        .containsEntry("path /a.ko", path("/a.ko", FILE_KNOWN))
        .containsEntry("path /tmp/mount/a.ko", path("/tmp/mount/a.ko", FILE_KNOWN))
        .containsEntry("path !/tmp/mount/b.ko", path("/tmp/mount/b.ko", FILE_KNOWN | FILE_DELETED))
        .containsEntry("path -a.ko", path("/memfd:a.ko", FILE_KNOWN | FILE_DELETED | FILE_NO_TREE));
  }

  @Test
  void path_isWithoutItsMiddle_whenItIsTooLong() {
    assertThat(answers.get("path end.ko"))
        .startsWith("/root/units.d/%1$s/%1$s/".formatted(FOLDER))
        .contains("/…/")
        .endsWith("/%1$s/%1$s/%2$s".formatted(FOLDER, path("end.ko", FILE_KNOWN | PATH_GAP)))
        .hasSizeBetween(3800, 4096);
  }

  @Test
  void path_endsAtItsMount_whenNoStringCanBeRead() {
    assertThat(directAnswers)
        .containsEntry("path a.ko", path("/root/units-direct.d/a.ko", FILE_KNOWN))
        .containsEntry("path /tmp/mount/a.ko", path("/a.ko", FILE_KNOWN | PATH_CUT))
        .containsEntry("path -a.ko", path("/memfd:a.ko", FILE_KNOWN | FILE_DELETED | FILE_NO_TREE));
  }

  @Test
  void bucket_givesAsManyAsFit_andOneMoreEachInterval() {
    assertThat(answers)
        .containsEntry("bucket 0 1000000 4 100 10", "4 1000400")
        .containsEntry("bucket 1000400 1000000 4 100 10", "0 1000400")
        .containsEntry("bucket 1000400 1000199 4 100 10", "1 1000500")
        .containsEntry("bucket 1000400 9000000 4 100 10", "4 9000400");
  }

  /**
   * Covers the token buckets. A slow guest gets more than the bucket holds, since the clock is the
   * kernel's.
   */
  @Test
  void token_isRefused_whenUserOrNewcomersHadTheirs() {
    assertThat(answers.get("token 1000 1 4000")).matches("(20[4-9]|2[1-9]|3\\d)\\d+ 2");
    assertThat(answers.get("token 2000 100000 4000"))
        .matches("(102[3-9]|10[3-9]\\d|1[1-9]\\d\\d) 4");
  }

  private static String path(String path, int flags) {
    return "%s 0x%x".formatted(path, flags);
  }
}
