package org.kmodwatch.lab;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Builds the archive of the guest's root file system. */
final class GuestImage {

  private static final Duration ARM_LIMIT = Duration.ofMinutes(5);
  private static final Duration DRAIN_LIMIT = Duration.ofMinutes(5);
  private static final int BUFFER_BYTES = 1 << 20;

  private GuestImage() {}

  static void write(Path target, Checkout checkout, LabKernel kernel, LabRun run)
      throws IOException {
    try (var cpio =
        new CpioWriter(new BufferedOutputStream(Files.newOutputStream(target), BUFFER_BYTES))) {
      cpio.tree("", checkout.guestRoot());
      // /lib is a link to usr/lib, as on any Debian today.
      cpio.tree("usr/lib/modules/" + kernel.release(), kernel.modules());
      if (run.agent() != GuestAgent.ABSENT) {
        cpio.tree("opt/jre", checkout.runtimeImage());
        cpio.tree("opt/kmodwatch", checkout.guestAgent());
        cpio.file("usr/bin/kmodwatch", 0755, bytes(Resources.text("kmodwatch.sh")));
      }
      cpio.file("init", 0755, bytes(Resources.text("init.sh")));
      cpio.file("lab/script", 0644, bytes(run.script()));
      cpio.file("lab/parameters", 0644, bytes(parameters(run)));
      var list = new StringBuilder();
      for (int i = 0; i < run.files().size(); i++) {
        AddedFile file = run.files().get(i);
        String mode = Files.isExecutable(file.hostFile()) ? "755" : "644";
        list.append("%d %s %s%n".formatted(i, mode, file.guestPath()));
        cpio.file("lab/add/" + i, 0644, file.hostFile());
      }
      cpio.file("lab/add.list", 0644, bytes(list.toString()));
    }
  }

  private static String parameters(LabRun run) {
    return "lab_sensor=%s\nlab_arm_seconds=%d\nlab_drain_seconds=%d\n"
        .formatted(
            run.agent() == GuestAgent.WATCHING ? "yes" : "no",
            ARM_LIMIT.toSeconds(),
            DRAIN_LIMIT.toSeconds());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
