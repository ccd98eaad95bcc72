package org.kmodwatch.sensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LibBpfTest {

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void load_namesTheWantOfDescriptors_whichMayPass() throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Process process =
        new ProcessBuilder(
                List.of(
                    "sh",
                    "-c",
                    "ulimit -n 64; exec \"$@\"",
                    "sh",
                    java.toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    WithoutDescriptors.class.getName()))
            .redirectErrorStream(true)
            .start();
    String said;
    try (InputStream out = process.getInputStream()) {
      said = new String(out.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(said)
        .endsWith(
            "mayPass=true libbpf.so.1 cannot be opened: Too many open files (errno=24); raise the"
                + " limit of open files (ulimit -n, LimitNOFILE= of the service)\n");
  }

  /** Opens as many files as allowed, and then libbpf. */
  static final class WithoutDescriptors {

    private WithoutDescriptors() {}

    public static void main(String[] args) throws Exception {
      // Java also opens files to load classes, so the classes are loaded first.
      Class.forName(LibBpf.class.getName());
      String text = said(new KernelException("warm", 24));
      var open = new ArrayDeque<InputStream>();
      try {
        while (true) {
          open.add(Files.newInputStream(Path.of("/dev/null")));
        }
      } catch (IOException full) {
        text = load();
      }
      for (InputStream stream : open) {
        stream.close();
      }
      System.out.println(text);
    }

    private static String load() {
      try {
        LibBpf loaded = LibBpf.load();
        return "loaded, and says: " + loaded.takeMessages();
      } catch (KernelException e) {
        return said(e);
      }
    }

    private static String said(KernelException e) {
      return "mayPass=%b %s".formatted(e.mayPass(), e.getMessage());
    }
  }
}
