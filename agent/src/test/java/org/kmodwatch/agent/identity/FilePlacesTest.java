package org.kmodwatch.agent.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.core.event.SensorContexts;

class FilePlacesTest {

  @TempDir Path root;
  private Path file;

  @BeforeEach
  void makeFile() throws IOException {
    Path tree = Files.createDirectories(root.resolve("usr/lib/modules/6.12/kernel"));
    file = Files.writeString(tree.resolve("a.ko"), "module");
    new RootFolder(root).isOn("ext4", file);
  }

  @Test
  void fileOfThePath_isHere() throws IOException {
    assertThat(here("finit_module", identity())).isTrue();
    assertThat(here("module_load", identity())).isTrue();
    assertThat(here("init_module_return", identity())).as("of a call that took long").isTrue();
  }

  @Test
  void anotherFileOfThatPath_isNot() throws IOException {
    FileIdentity known = identity();
    assertThat(
            here(
                "finit_module",
                new FileIdentity(
                    known.path(), known.device() + 1, known.inode(), known.ctimeNanos())))
        .as("as on a file system that is mounted there in another namespace")
        .isFalse();
    assertThat(
            here(
                "finit_module",
                new FileIdentity(
                    known.path(), known.device(), known.inode() + 1, known.ctimeNanos())))
        .isFalse();
    Files.delete(file);
    assertThat(here("finit_module", known)).isFalse();
  }

  @Test
  void fileElsewhere_isNotLookedFor() throws IOException {
    FileIdentity known = identity();
    assertThat(
            here(
                "finit_module",
                new FileIdentity("/root/a.ko", known.device(), known.inode(), known.ctimeNanos())))
        .isNull();
    assertThat(here("module_request", known)).as("an event of no load").isNull();
  }

  private FileIdentity identity() throws IOException {
    return new RootFolder(root).identity(file);
  }

  private @Nullable Boolean here(String eventName, FileIdentity identity) {
    var context = new SensorContext(1, 0, false, identity, null, false, null, null);
    return SensorContexts.of(
            new FilePlaces(root).enrich(SensorContexts.with(event(eventName).build(), context)))
        .map(SensorContext::file)
        .map(FileIdentity::here)
        .orElse(null);
  }
}
