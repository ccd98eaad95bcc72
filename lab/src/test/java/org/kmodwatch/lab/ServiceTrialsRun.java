package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests the package's service on a failing disk, with little memory, and with damaged state or
 * state of a later version. It also runs beside a second service, and during an init of ten
 * minutes. It takes an hour, and so is not part of {@code ./verify}:
 *
 * <pre>./verify -Dit.test=ServiceTrialsRun -Dtest=NoUnitTest
 *     -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false</pre>
 *
 * <p>{@code -Dkmodwatch.kernels=6.1} selects another kernel, {@code -Dkmodwatch.trials="inodes
 * quota"} some of the trials. The guest's output stays in {@code build/trials}.
 */
final class ServiceTrialsRun {

  private static final Duration PACKAGE_LIMIT = Duration.ofMinutes(20);
  private static final Duration GUEST_LIMIT = Duration.ofMinutes(80);
  private static final String KERNEL = System.getProperty("kmodwatch.kernels", "6.12");
  private static final String TRIALS =
      System.getProperty("kmodwatch.trials", "slow inodes quota flakey newer garbage second tiny");

  @TempDir Path folder;

  @Test
  void everyLoadIsTold_howeverTheDiskFails() throws Exception {
    List<String> log = run(TRIALS, DebianGuest.MEMORY_MIB);

    assertThat(log).endsWith("end").noneMatch(line -> line.contains("NOT "));
  }

  @Test
  void service_watches_onAMachineOf192Mebibytes() throws Exception {
    List<String> log = run("small", 192);

    assertThat(log).endsWith("end").noneMatch(line -> line.contains("NOT "));
  }

  private List<String> run(String trials, int memoryMib) throws IOException, InterruptedException {
    Checkout checkout = Checkout.find();
    Path out =
        Files.createDirectories(
            checkout.root().resolve("build/trials/%s-%d".formatted(KERNEL, memoryMib)));
    Path deb = folder.resolve("kmodwatch.deb");
    DebianPackage.make(checkout, PACKAGE_LIMIT, out.resolve("package.log"), deb);
    DebianGuest.run(
        KERNEL,
        "TRIALS='%s'\n".formatted(trials) + Resources.text("trials.sh"),
        List.of(
            deb,
            checkout.guestRoot().resolve("usr/bin/kwload"),
            Lab.testModule(KERNEL, "kw_plain").hostFile(),
            Lab.testModule(KERNEL, "kw_slow").hostFile()),
        Map.of(),
        memoryMib,
        GUEST_LIMIT,
        out);
    return Files.readAllLines(out.resolve("guest.log"));
  }
}
