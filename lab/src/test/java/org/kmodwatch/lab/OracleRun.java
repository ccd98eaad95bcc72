package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.lab.KernelModules.Module;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Runs the package's service in a Debian as on any machine, beside ftrace, which traces from the
 * kernel's first moment. Each call in the trace is compared with the load records, field by field.
 * It is not part of {@code ./verify}: {@code tools/oracle.sh} runs it, and prints {@code
 * build/oracle/answer}. {@code -Dkmodwatch.kernels=6.1} selects another kernel.
 */
final class OracleRun {

  private static final Duration PREPARATION_LIMIT = Duration.ofMinutes(20);
  private static final Duration GUEST_LIMIT = Duration.ofMinutes(60);
  private static final String KERNEL = System.getProperty("kmodwatch.kernels", "6.12");

  /** Sets the number of modules that modprobe loads at once. */
  private static final int MODULES = 280;

  /**
   * Matches modules that need no hardware. The drivers of the guest's disks are excluded, since the
   * modules are removed again.
   */
  private static final Pattern LOADABLE =
      Pattern.compile("kernel/(crypto|fs|lib|net|drivers/(block|md|net))/(?!.*virtio).*");

  private static final List<String> KERNEL_ARGUMENTS =
      List.of(
          "trace_event=module:module_load,module:module_free,module:module_request,"
              + Stream.of("init_module", "finit_module", "delete_module")
                  .map(name -> "syscalls:sys_enter_%s,syscalls:sys_exit_%s,".formatted(name, name))
                  .collect(Collectors.joining())
              + "sched:sched_process_fork",
          "trace_buf_size=16M",
          "trace_clock=boot",
          "trace_options=record-tgid,record-cmd");

  private static final Pattern ARMED = Pattern.compile("\\[ *(\\d+\\.\\d+)\\].*");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private static Path folder;

  @Test
  void records_areWhatTheKernelDid_callByCall() throws Exception {
    Checkout checkout = Checkout.find();
    Path out = Files.createDirectories(checkout.root().resolve("build/oracle"));
    Path source = checkout.root().resolve("tools/oracle");
    AddedFile plain = Lab.testModule(KERNEL, "kw_plain");
    AddedFile params = Lab.testModule(KERNEL, "kw_params");
    Map<String, Module> modules = KernelModules.of(Lab.kernels().named(KERNEL));
    Path deb = folder.resolve("kmodwatch.deb");
    DebianPackage.make(checkout, PREPARATION_LIMIT, out.resolve("package.log"), deb);
    DebianGuest.runOnOneDisk(
        KERNEL,
        List.of(
            new DebianGuest.Boot(
                "install", List.of(), Files.readString(source.resolve("install.sh")), List.of(deb)),
            new DebianGuest.Boot(
                "oracle",
                KERNEL_ARGUMENTS,
                Files.readString(source.resolve("guest.sh")),
                List.of(
                    checkout.guestRoot().resolve("usr/bin/kwload"),
                    plain.hostFile(),
                    params.hostFile(),
                    list("modules", modules, LOADABLE, MODULES, ""),
                    list("filesystems", modules, Pattern.compile("kernel/fs/.*"), 1000, "fs-")))),
        GUEST_LIMIT,
        out);

    assertThat(Files.readAllLines(out.resolve("install/guest.log"))).endsWith("end");
    assertThat(Files.readAllLines(out.resolve("oracle/guest.log"))).endsWith("end");
    OracleAnswer answer = judge(out.resolve("oracle"), modules);
    Files.writeString(out.resolve("answer"), answer.text());
    assertThat(answer.mismatches()).as("%s", out.resolve("answer")).isEmpty();
    // With fewer calls the other checks prove nothing.
    assertThat(answer.calls()).as("%s", out.resolve("answer")).isGreaterThan(750);
  }

  /** Compares the records of a boot with its trace. */
  private static OracleAnswer judge(Path results, Map<String, Module> modules) throws IOException {
    var mapper = new ObjectMapper();
    List<JsonNode> records =
        Files.readAllLines(results.resolve("journal")).stream()
            .filter(line -> line.startsWith("{"))
            .map(mapper::readTree)
            .toList();
    assertThat(Files.readAllLines(results.resolve("stats")))
        .as("ftrace lost nothing")
        .filteredOn(line -> line.matches("(overrun|commit overrun|dropped events): .*"))
        .allMatch(line -> line.endsWith(": 0"));
    Matcher armed = ARMED.matcher(Files.readAllLines(results.resolve("armed")).getFirst());
    assertThat(armed.matches()).isTrue();
    // The journal's clock begins with the boot, as the trace's does, since the guest never sleeps.
    long armedNanos = Math.round(Double.parseDouble(armed.group(1)) * 1e9);
    return OracleAnswer.of(
        TraceOracle.of(Files.readAllLines(results.resolve("trace"))), armedNanos, records, modules);
  }

  /**
   * Writes a file with the names of modules in some folders, or with their aliases that have a
   * prefix.
   */
  private static Path list(
      String name, Map<String, Module> modules, Pattern folders, int most, String alias)
      throws IOException {
    var words = new ArrayList<String>();
    for (Module module : modules.values()) {
      if (!folders.matcher(module.file().replaceFirst(".*?/kernel/", "kernel/")).matches()) {
        continue;
      }
      if (alias.isEmpty()) {
        words.add(module.name());
      } else {
        module.aliases().stream()
            .filter(word -> word.startsWith(alias))
            .map(word -> word.substring(alias.length()))
            .forEach(words::add);
      }
    }
    List<String> some = words.subList(0, Math.min(most, words.size()));
    return Files.writeString(folder.resolve(name), String.join("\n", some) + "\n");
  }
}
