package org.kmodwatch.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Calls tools/lab-prepare.sh, which fetches and builds missing files. */
final class Preparation {

  private static final String PREFIX = "lab: ";

  private Preparation() {}

  /**
   * Prepares a kernel.
   *
   * @param options the options for further files
   */
  static void run(Checkout checkout, String kernel, List<String> options, LabListener listener) {
    Path script = checkout.prepareScript();
    if (!Files.exists(script)) {
      throw new LabException.Unavailable(
          "%s is not there: %s is not a whole checkout".formatted(script, checkout.root()));
    }
    var command = new ArrayList<>(List.of("bash", script.toString()));
    command.addAll(options);
    command.add(kernel);
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      String last = "it printed nothing";
      try (BufferedReader lines = process.inputReader()) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          last = line.startsWith(PREFIX) ? line.substring(PREFIX.length()) : line;
          listener.progress(last);
        }
      }
      int status = process.waitFor();
      if (status != 0) {
        throw new LabException.Unavailable(
            "the lab is not ready for kernel %s: %s".formatted(kernel, last));
      }
    } catch (IOException e) {
      throw new LabException.HostFailed("cannot run %s: %s".formatted(script, e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException.HostFailed("interrupted while the lab was made ready", e);
    }
  }
}
