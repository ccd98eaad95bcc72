package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportJournalTest {

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();
  private Path state;

  @BeforeEach
  void makeItsFolder() {
    state = folder.resolve("state");
  }

  @Test
  void nextAgent_knowsWhatWasHandedOn_andWhatOnlyMayHaveBeen() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state, notes::add)) {
      journal.telling("a-1");
      journal.telling("b-2");
      journal.handedOn();
      journal.telling("c-3");
    }

    try (ReportJournal next = ReportJournal.open(state, notes::add)) {
      assertThat(next.isTold("a-1")).isTrue();
      assertThat(next.isTold("b-2")).isTrue();
      assertThat(next.isTold("c-3")).isFalse();
      assertThat(next.mayBeTold("c-3")).isTrue();
      assertThat(next.mayBeTold("d-4")).isFalse();
    }
  }

  @Test
  void clear_forgetsWhatAnOutputHasNotAccepted_too() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state, notes::add)) {
      journal.telling("a-1");
      assertThat(journal.unsettled()).isEqualTo(1);
      journal.clear();
      assertThat(journal.unsettled()).isZero();
    }
  }

  @Test
  void lineThatWasNotWrittenToItsEnd_tellsOfNothing_andHarmsNoneAfterIt() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state, notes::add)) {
      journal.telling("a-1");
      journal.handedOn();
    }
    Files.writeString(state.resolve("reported"), "b-", StandardOpenOption.APPEND);
    try (ReportJournal journal = ReportJournal.open(state, notes::add)) {
      assertThat(journal.mayBeTold("b-")).isFalse();
      journal.telling("c-3");
    }

    try (ReportJournal next = ReportJournal.open(state, notes::add)) {
      assertThat(next.isTold("a-1")).isTrue();
      assertThat(next.mayBeTold("c-3")).isTrue();
    }
  }

  @Test
  void clear_forgetsAll() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state, notes::add)) {
      journal.telling("a-1");
      journal.handedOn();
      journal.clear();
    }

    try (ReportJournal next = ReportJournal.open(state, notes::add)) {
      assertThat(next.isTold("a-1")).isFalse();
      assertThat(Files.size(state.resolve("reported"))).isZero();
    }
  }

  @Test
  void fullDisk_isSaidOnce_andKeepsNothingFromBeingTold() throws IOException {
    Files.createDirectory(state);
    Files.createSymbolicLink(state.resolve("reported"), Path.of("/dev/full"));

    try (ReportJournal journal = ReportJournal.open(state, notes::add)) {
      journal.telling("a-1");
      journal.handedOn();
      journal.telling("b-2");
      assertThat(journal.unsettled()).isEqualTo(1);
    }

    assertThat(notes)
        .containsExactly(
            "state: cannot write, what is told from now on may be told again after a kill: No space"
                + " left on device");
  }

  @Test
  void secondAgent_isRefused() throws IOException {
    try (ReportJournal first = ReportJournal.open(state, notes::add)) {
      first.telling("a-1");

      assertThatThrownBy(() -> ReportJournal.open(state, notes::add))
          .isInstanceOf(CommandException.class)
          .hasMessage(
              "another kmodwatch uses --state %s: give each its own, or stop that one"
                  .formatted(state));
    }
  }

  @Test
  void folderAndFile_areForNobodyElse() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state, notes::add)) {
      journal.telling("a-1");
    }

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state)))
        .isEqualTo("rwx------");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve("reported"))))
        .isEqualTo("rw-------");
  }
}
