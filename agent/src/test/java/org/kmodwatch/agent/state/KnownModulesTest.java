package org.kmodwatch.agent.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.testing.LoadRecordBuilder;

class KnownModulesTest {

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  @Test
  void names_areKnownToTheNextStart_ofTheSameBoot() {
    KnownModules known = open("boot-1");
    known.add("ext4");
    known.keep();
    known.add("a name\nwith %2B, + and \u00e9");
    known.keep();

    assertThat(open("boot-1").has("ext4")).isTrue();
    assertThat(open("boot-1").has("a name\nwith %2B, + and \u00e9")).isTrue();
    assertThat(open("boot-1").has("dummy")).isFalse();
    assertThat(open("boot-2").has("ext4")).isFalse();
  }

  @Test
  void name_isNotKnown_whenItsLoadFailedAfterThereWasARecordOfIt() {
    KnownModules known = open("boot-1");
    known.joined(LoadRecordBuilder.load("x").notReturned().build());
    known.joined(LoadRecordBuilder.load("y").build());
    assertThat(known.has("x")).isTrue();
    known.joined(LoadRecordBuilder.load("x").failed(-19L, "its init").codeMayHaveRun().build());
    known.joined(LoadRecordBuilder.load("y").failed(-17L, "it is there").build());

    assertThat(known.has("x")).isFalse();
    assertThat(known.has("y")).isTrue();
  }

  @Test
  void names_areNotKnown_whoseRecordsWereNotHandedOn() {
    KnownModules known = open("boot-1");
    known.add("ext4");
    known.keep();
    known.add("dummy");

    assertThat(open("boot-1").has("dummy")).isFalse();
  }

  @Test
  void fileThatSomebodyReplaced_isWrittenAnew_andHoldsNobodyUp() throws Exception {
    KnownModules known = open("boot-1");
    known.add("ext4");
    known.keep();
    Path file = folder.resolve(KnownModules.FILE);
    Files.delete(file);
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();

    known.add("dummy");
    assertThat(CompletableFuture.runAsync(known::keep)).succeedsWithin(Duration.ofSeconds(10));
    known.keep();

    assertThat(notes).first().asString().contains("is not a regular file");
    assertThat(open("boot-1").has("ext4")).isTrue();
    assertThat(open("boot-1").has("dummy")).isTrue();
  }

  @Test
  void longNames_areKnown_howeverOftenTheyComeAndGo() {
    String odd = "\ufffd".repeat(48);
    KnownModules known = open("boot-1");
    known.add("ext4");
    for (int i = 0; i < 6000; i++) {
      known.add(odd + i);
      known.keep();
      known.remove(odd + i);
      known.keep();
    }
    known.add(odd);
    known.keep();

    assertThat(open("boot-1").has("ext4")).isTrue();
    assertThat(open("boot-1").has(odd)).isTrue();
    assertThat(open("boot-1").has(odd + 1)).isFalse();
  }

  @Test
  void records_addAndRemoveNames() {
    KnownModules known = open("boot-1");
    known.joined(LoadRecordBuilder.load("kw_plain").build());
    known.keep();
    assertThat(open("boot-1").has("kw_plain")).isTrue();

    known.joined(LoadRecordBuilder.load("kw_plain").unloaded().build());
    known.keep();
    assertThat(open("boot-1").has("kw_plain")).isFalse();
  }

  @Test
  void lineWithoutItsEnd_isPassedOver() throws IOException {
    KnownModules known = open("boot-1");
    known.add("ext4");
    known.keep();
    Files.writeString(folder.resolve(KnownModules.FILE), "-ext", StandardOpenOption.APPEND);

    assertThat(open("boot-1").has("ext4")).isTrue();
  }

  @Test
  void keep_saysItOnce_andWritesAllOfThem_onceItCan() throws IOException {
    Path other = Files.writeString(folder.resolve("file"), "");
    KnownModules known = KnownModules.open(other, "boot-1", notes::add);
    known.add("ext4");
    known.keep();
    known.add("dummy");
    known.keep();
    assertThat(notes)
        .singleElement()
        .asString()
        .startsWith("state: cannot write " + other + "/modules: java.nio.file.")
        .endsWith("; modules may be recorded as preExisting at the next start");

    Files.delete(other);
    Files.createDirectory(other);
    known.keep();
    assertThat(notes).last().isEqualTo("state: the names of loaded modules are written down again");
    assertThat(KnownModules.open(other, "boot-1", notes::add).has("ext4")).isTrue();
    assertThat(KnownModules.open(other, "boot-1", notes::add).has("dummy")).isTrue();
  }

  private KnownModules open(String bootId) {
    return KnownModules.open(folder, bootId, notes::add);
  }
}
