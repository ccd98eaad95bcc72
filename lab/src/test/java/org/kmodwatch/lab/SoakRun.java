package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the package's service in a Debian for {@code -Dkmodwatch.soak=SECONDS}, under {@code
 * tools/soak/guest.sh}. It is not part of {@code ./verify}: {@code tools/soak.sh} runs it, and
 * judges {@code build/soak/guest.log}. {@code -Dkmodwatch.hostile=true} selects the hostile form,
 * {@code -Dkmodwatch.kernels=6.1} another kernel.
 */
final class SoakRun {

  private static final Duration PREPARATION_LIMIT = Duration.ofMinutes(20);

  /**
   * Allows for the boot, the installation, and pending records at the end; under emulation, on a
   * busy host.
   */
  private static final Duration AROUND = Duration.ofMinutes(20);

  private static final int SECONDS = Integer.getInteger("kmodwatch.soak", 300);
  private static final int PAUSE_MILLIS = Integer.getInteger("kmodwatch.pause", 100);
  private static final boolean HOSTILE = Boolean.getBoolean("kmodwatch.hostile");
  private static final String KERNEL = System.getProperty("kmodwatch.kernels", "6.12");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private static Path folder;

  @Test
  void service_isTheSame_howeverLongItRuns() throws Exception {
    Checkout checkout = Checkout.find();
    Path source = checkout.root().resolve("tools/soak");
    Path out = Files.createDirectories(checkout.root().resolve("build/soak"));
    Path deb = folder.resolve("kmodwatch.deb");
    DebianPackage.make(checkout, PREPARATION_LIMIT, out.resolve("package.log"), deb);
    Path churn = folder.resolve("kwchurn");
    DebianGuest.call(
        PREPARATION_LIMIT,
        out.resolve("gcc.log"),
        List.of(
            "gcc",
            "-static",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-o",
            churn.toString(),
            source.resolve("kwchurn.c").toString()));
    Path module =
        Files.copy(
            Lab.testModule(KERNEL, "kw_plain").hostFile(),
            folder.resolve("kw_plain.ko"),
            StandardCopyOption.REPLACE_EXISTING);
    DebianGuest.run(
        KERNEL,
        "SOAK_SECONDS=%d\nSOAK_PAUSE_MS=%d\nSOAK_HOSTILE=%b\n"
                .formatted(SECONDS, PAUSE_MILLIS, HOSTILE)
            + Files.readString(source.resolve("guest.sh")),
        List.of(deb, churn, module),
        Duration.ofSeconds(SECONDS).plus(AROUND),
        out);
    assertThat(Files.readAllLines(out.resolve("guest.log"))).as("%s", out).endsWith("end");
  }
}
