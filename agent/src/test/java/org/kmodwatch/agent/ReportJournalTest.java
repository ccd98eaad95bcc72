package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportJournalTest {

  @TempDir Path folder;
  private Path state;

  @BeforeEach
  void makeItsFolder() {
    state = folder.resolve("state");
  }

  @Test
  void nextAgent_knowsWhatWasHandedOn_andWhatOnlyMayHaveBeen() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state)) {
      journal.telling("a-1");
      journal.telling("b-2");
      journal.handedOn();
      journal.telling("c-3");
    }

    try (ReportJournal next = ReportJournal.open(state)) {
      assertThat(next.isTold("a-1")).isTrue();
      assertThat(next.isTold("b-2")).isTrue();
      assertThat(next.isTold("c-3")).isFalse();
      assertThat(next.mayBeTold("c-3")).isTrue();
      assertThat(next.mayBeTold("d-4")).isFalse();
    }
  }

  @Test
  void lineThatWasNotWrittenToItsEnd_tellsOfNothing_andHarmsNoneAfterIt() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state)) {
      journal.telling("a-1");
      journal.handedOn();
    }
    Files.writeString(state.resolve("reported"), "b-", StandardOpenOption.APPEND);
    try (ReportJournal journal = ReportJournal.open(state)) {
      assertThat(journal.mayBeTold("b-")).isFalse();
      journal.telling("c-3");
    }

    try (ReportJournal next = ReportJournal.open(state)) {
      assertThat(next.isTold("a-1")).isTrue();
      assertThat(next.mayBeTold("c-3")).isTrue();
    }
  }

  @Test
  void clear_forgetsAll() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state)) {
      journal.telling("a-1");
      journal.handedOn();
      journal.clear();
    }

    try (ReportJournal next = ReportJournal.open(state)) {
      assertThat(next.isTold("a-1")).isFalse();
      assertThat(Files.size(state.resolve("reported"))).isZero();
    }
  }

  @Test
  void secondAgent_isRefused() throws IOException {
    try (ReportJournal first = ReportJournal.open(state)) {
      first.telling("a-1");

      assertThatThrownBy(() -> ReportJournal.open(state))
          .isInstanceOf(CommandException.class)
          .hasMessage(
              "another kmodwatch uses --state %s: give each its own, or stop that one"
                  .formatted(state));
    }
  }

  @Test
  void folderAndFile_areForNobodyElse() throws IOException {
    try (ReportJournal journal = ReportJournal.open(state)) {
      journal.telling("a-1");
    }

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state)))
        .isEqualTo("rwx------");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve("reported"))))
        .isEqualTo("rw-------");
  }
}
