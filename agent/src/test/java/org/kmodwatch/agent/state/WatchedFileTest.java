package org.kmodwatch.agent.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.sensor.PinKeeper;
import org.kmodwatch.sensor.PinnedState;

class WatchedFileTest {

  private static final String PINS = "since 17\nmaps/control map id=7 type=2 entries=1\n";
  private static final PinnedState STATE =
      new PinnedState(
          "/sys/fs/bpf/kmodwatch/1234",
          PINS,
          Map.of("ring_loads", List.of(4711L), "LOADS", List.of(3L, 2L, 1L)));

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();
  private Instant wall = Instant.parse("2026-11-29T10:00:00Z");
  private long nanos;

  @Test
  void last_isWhatWasKept_inTheSameBoot() {
    file("boot-1").keep(STATE);

    assertThat(file("boot-1").last()).contains(new PinKeeper.Kept(STATE, wall));
    assertThat(file("boot-2").last()).isEmpty();
  }

  @Test
  void last_isEmpty_whereTheFolderIsNoPath() throws IOException {
    file("boot-1").keep(STATE);
    Path pins = folder.resolve(WatchedFile.PINS);
    String text = Files.readString(pins);

    Files.writeString(pins, text.replace("/sys/fs", "/sys\0/fs"));
    assertThat(file("boot-1").last()).isEmpty();
    Files.writeString(pins, text.replace("/sys/fs", "sys/fs"));
    assertThat(file("boot-1").last()).isEmpty();
  }

  @Test
  void last_isEmpty_whereNothingWasKept() {
    assertThat(file("boot-1").last()).isEmpty();
  }

  @Test
  void keep_writesOver_whateverThePositionsAre() {
    WatchedFile file = file("boot-1");
    file.keep(STATE);
    PinnedState none = new PinnedState(STATE.folder(), PINS, Map.of());
    wall = Instant.parse("2026-11-29T10:00:00.123456789Z");
    file.keep(none);

    assertThat(file("boot-1").last()).contains(new PinKeeper.Kept(none, wall));
  }

  @Test
  void keep_writesTheTimeAnew_onlyEveryTenSecondsIfNothingChanged() {
    WatchedFile file = file("boot-1");
    file.keep(STATE);
    Instant first = wall;
    wall = wall.plusSeconds(9);
    nanos = 9_999_999_999L;
    file.keep(STATE);
    assertThat(file("boot-1").last().orElseThrow().at()).isEqualTo(first);

    nanos++;
    file.keep(STATE);
    assertThat(file("boot-1").last().orElseThrow().at()).isEqualTo(wall);
  }

  @Test
  void files_areForNobodyElse() throws IOException {
    file("boot-1").keep(STATE);

    for (String name : List.of(WatchedFile.PINS, WatchedFile.WATCHED)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void keep_saysItOnce_whereNothingCanBeWritten() throws IOException {
    Path other = Files.writeString(folder.resolve("file"), "");
    var file = new WatchedFile(other, "boot-1", () -> wall, () -> nanos, notes::add);
    file.keep(STATE);
    file.keep(STATE);

    assertThat(notes)
        .singleElement()
        .asString()
        .startsWith("state: cannot write in " + other + ": java.nio.file.")
        .endsWith("; what is done to the pins while Kmodwatch is down may not be noticed");

    Files.delete(other);
    Files.createDirectory(other);
    file.keep(STATE);
    assertThat(notes).last().isEqualTo("state: what is pinned is written down again");
    assertThat(file.last()).isPresent();
  }

  @Test
  void last_isEmpty_whereAnotherFileHasTheName() throws IOException {
    Files.writeString(folder.resolve(WatchedFile.PINS), "boot boot-1\nat whenever\nfolder /x\n");
    Files.createDirectory(folder.resolve(WatchedFile.WATCHED));

    assertThat(file("boot-1").last()).isEmpty();
  }

  private WatchedFile file(String bootId) {
    return new WatchedFile(folder, bootId, () -> wall, () -> nanos, notes::add);
  }
}
