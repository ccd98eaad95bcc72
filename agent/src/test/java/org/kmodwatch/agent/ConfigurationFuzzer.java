package org.kmodwatch.agent;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kmodwatch.agent.config.ConfigException;
import org.kmodwatch.agent.settings.Configuration;
import org.kmodwatch.agent.shell.Shell;

/**
 * What the fuzzer does with a configuration: all that {@code config check} and SIGHUP do. Only the
 * list of what is wrong may come out.
 */
public final class ConfigurationFuzzer {

  private static final Path FILE = file();

  private ConfigurationFuzzer() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    try {
      Files.write(FILE, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    FuzzCost.hold(bytes.length, ConfigurationFuzzer::read);
  }

  private static void read() {
    Shell shell = new Cli().shell(new ByteArrayOutputStream());
    try {
      Configuration.read(FILE, Configuration.FromElsewhere.nothing(), shell);
    } catch (ConfigException refused) {
      if (refused.problems().isEmpty()) {
        throw new AssertionError("refused without a reason", refused);
      }
    }
  }

  private static Path file() {
    try {
      Path file = Files.createTempFile("kmodwatch-fuzz", ".yaml");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
