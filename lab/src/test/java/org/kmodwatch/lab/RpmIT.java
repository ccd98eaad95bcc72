package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.identity.ModuleFiles;
import org.kmodwatch.agent.output.JsonText;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Tests the owner of a module file in a real rpm database, with a package built here. */
final class RpmIT {

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path folder;

  @Test
  void owner_isNamedWithItsVersion_andWhetherTheFileWasChanged() throws Exception {
    Path module = folder.resolve("lib/modules/6.1/extra/kw_plain.ko");
    Files.createDirectories(folder.resolve("lib/modules/6.1/extra"));
    Files.copy(Lab.testModule("6.1", "kw_plain").hostFile(), module);
    install(packageOf(module));

    JsonNode shipped = inspect(module);
    Files.copy(
        Lab.testModule("6.1", "kw_params").hostFile(),
        module,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    JsonNode changed = inspect(module);

    assertThat(shipped.get("package").toString())
        .isEqualTo(
            "{\"manager\":\"rpm\",\"name\":\"kw-modules\",\"version\":\"2:1.2-3\","
                + "\"changed\":false}");
    assertThat(changed.at("/package/changed").asBoolean()).isTrue();
  }

  @Test
  void fileOfNoPackage_hasNoOwner() throws Exception {
    Path module = folder.resolve("kw_plain.ko");
    Files.copy(Lab.testModule("6.1", "kw_plain").hostFile(), module);
    Files.createDirectories(folder.resolve("lib"));
    Path other = Files.writeString(folder.resolve("lib/other"), "");
    install(packageOf(other));

    assertThat(inspect(module).has("package")).isFalse();
  }

  private JsonNode inspect(Path module) throws IOException {
    return new ObjectMapper()
        .readTree(JsonText.line(new ModuleFiles(folder, null, List.of()).report(module).toJson()));
  }

  /** Builds a package with that file, under its path on this machine. */
  private Path packageOf(Path file) throws Exception {
    Path spec = folder.resolve("kw.spec");
    Path build = folder.resolve("build");
    Files.writeString(
        spec,
        """
        Name: kw-modules
        Epoch: 2
        Version: 1.2
        Release: 3
        Summary: A module for tests
        License: GPL-2.0
        BuildArch: noarch
        %%global __os_install_post %%{nil}
        %%description
        A module for tests.
        %%install
        mkdir -p %%{buildroot}%2$s
        cp %1$s %%{buildroot}%1$s
        %%files
        %1$s
        """
            .formatted(file, file.getParent()));
    run("rpmbuild", "-bb", "--define", "_topdir " + build, spec.toString());
    try (Stream<Path> made = Files.walk(build.resolve("RPMS"))) {
      return made.filter(f -> f.toString().endsWith(".rpm")).findFirst().orElseThrow();
    }
  }

  /** Adds the package to the database only, since the file is already there. */
  private void install(Path rpm) throws Exception {
    Path database = folder.resolve("var/lib/rpm");
    Files.createDirectories(database);
    run("rpm", "--dbpath", database.toString(), "--initdb");
    run(
        "rpm",
        "--dbpath",
        database.toString(),
        "-i",
        "--justdb",
        "--nodeps",
        "--noscripts",
        "--ignorearch",
        rpm.toString());
  }

  private void run(String... command) throws Exception {
    Path log = folder.resolve("command.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor())
        .as("%s: %s", String.join(" ", command), Files.readString(log))
        .isZero();
  }
}
