package org.kmodwatch.agent.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.sensor.SensorFault;

class ReportJournalTest {

  private static final String KILLED =
      "may have been told before: Kmodwatch was killed as it told it";
  private static final String UNKNOWN =
      "may have been told before: what was told is not known, since the state could not be read or"
          + " written";

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();
  private Path state;
  private boolean full;
  private long nowNanos;

  @BeforeEach
  void makeItsFolder() {
    state = folder.resolve("state");
  }

  @Test
  void nextAgent_knowsWhatWasHandedOn_andWhatOnlyMayHaveBeen() throws IOException {
    try (ReportJournal journal = open()) {
      journal.note("a-1");
      journal.note("b-2");
      journal.settle();
      journal.note("c-3");
    }

    try (ReportJournal next = open()) {
      assertThat(next.isReported("a-1")).isTrue();
      assertThat(next.isReported("b-2")).isTrue();
      assertThat(next.isReported("c-3")).isFalse();
      assertThat(next.doubtOf("c-3", true)).contains(KILLED);
      assertThat(next.doubtOf("d-4", true)).isEmpty();
    }
  }

  @Test
  void recordThatAnotherIsToReplace_doesNotMakeItsAttemptTold() throws IOException {
    try (ReportJournal journal = open()) {
      journal.note(ReportJournal.firstOf("a-1"));
      journal.settle();
      journal.note(ReportJournal.firstOf("b-2"));
    }

    try (ReportJournal next = open()) {
      assertThat(next.isReported("a-1")).isFalse();
      assertThat(next.isReported(ReportJournal.firstOf("a-1"))).isTrue();
      assertThat(next.isReported(ReportJournal.firstOf("b-2"))).isFalse();
      assertThat(next.mayBeReported(ReportJournal.firstOf("b-2"))).isTrue();
      assertThat(next.doubtOf(ReportJournal.firstOf("b-2"), true)).contains(KILLED);
      assertThat(next.hasHoles()).isFalse();
    }
  }

  @Test
  void clear_forgetsWhatAnOutputHasNotAccepted_too() throws IOException {
    try (ReportJournal journal = open()) {
      journal.note("a-1");
      assertThat(journal.unsettled()).isEqualTo(1);
      journal.clear();
      assertThat(journal.unsettled()).isZero();
    }
  }

  @Test
  void lineThatWasNotWrittenToItsEnd_tellsOfNothing_andHarmsNoneAfterIt() throws IOException {
    try (ReportJournal journal = open()) {
      journal.note("a-1");
      journal.settle();
    }
    Files.writeString(state.resolve("reported"), "b-", StandardOpenOption.APPEND);
    try (ReportJournal journal = open()) {
      assertThat(journal.doubtOf("b-", true)).isEmpty();
      journal.note("c-3");
    }

    try (ReportJournal next = open()) {
      assertThat(next.isReported("a-1")).isTrue();
      assertThat(next.doubtOf("c-3", true)).contains(KILLED);
    }
  }

  @Test
  void clear_forgetsAll() throws IOException {
    try (ReportJournal journal = open()) {
      journal.note("a-1");
      journal.settle();
      journal.clear();
    }

    try (ReportJournal next = open()) {
      assertThat(next.isReported("a-1")).isFalse();
      assertThat(state.resolve("reported")).hasContent("kmodwatch-reported/1 whole\n");
    }
  }

  @Test
  void fullDisk_isAFault_andKeepsNothingFromBeingTold() throws IOException {
    full = true;
    try (ReportJournal journal = open()) {
      journal.note("a-1");
      journal.settle();
      journal.note("b-2");
      assertThat(journal.unsettled()).isEqualTo(1);
      journal.clear();

      assertThat(journal.faults())
          .containsExactly(
              new SensorFault(
                  "state",
                  "cannot write %s: No space left on device; what is told from now on may be told again after a kill"
                      .formatted(state.resolve("reported"))));
    }
    assertThat(notes).isEmpty();
  }

  @Test
  void whatWasToldOnAFullDisk_isWritten_whenThereIsRoomAgain() throws IOException {
    full = true;
    try (ReportJournal journal = open()) {
      journal.note("a-1");
      journal.settle();
      journal.note("b-2");
      full = false;
      journal.tick();
      assertThat(journal.faults()).as("it is not time to try yet").hasSize(1);
      nowNanos += 5_000_000_000L;
      journal.clear();
      journal.note("c-3");
      journal.settle();
      journal.note("d-4");
      journal.tick();
      assertThat(journal.faults()).isEmpty();
    }

    try (ReportJournal next = open()) {
      assertThat(next.isReported("a-1")).as("forgotten with its events").isFalse();
      assertThat(next.isReported("c-3")).isTrue();
      assertThat(next.doubtOf("d-4", true)).contains(KILLED);
      assertThat(next.doubtOf("e-5", true)).isEmpty();
    }
  }

  @Test
  void journalWithHoles_givesADoubtAboutEveryRecord_untilItIsCleared() throws IOException {
    Files.createDirectory(state);
    Files.writeString(state.resolve("reported"), "kmodwatch-reported/1 holes\na-1\n.\n");

    try (ReportJournal journal = open()) {
      assertThat(journal.isReported("a-1")).isTrue();
      assertThat(journal.doubtOf("b-2", true)).contains(UNKNOWN);
      assertThat(journal.doubtOf("b-2", false)).isEmpty();
      journal.clear();
      assertThat(journal.doubtOf("c-3", true)).isEmpty();
    }
    assertThat(state.resolve("reported")).hasContent("kmodwatch-reported/1 whole\n");
  }

  @Test
  void start_goesOn_withoutAFolderThatCanBeMade_andDoubtsEveryRecord() throws IOException {
    Files.writeString(state, "not a folder");

    try (ReportJournal journal = open()) {
      journal.note("a-1");
      journal.settle();
      assertThat(journal.doubtOf("b-2", true)).contains(UNKNOWN);
      assertThat(journal.faults()).hasSize(1);

      Files.delete(state);
      nowNanos += 5_000_000_000L;
      journal.tick();
      assertThat(journal.faults()).isEmpty();
    }
    try (ReportJournal next = open()) {
      assertThat(next.isReported("a-1")).isTrue();
    }
  }

  @Test
  void journalOfALaterVersion_isSetAside_andGivesADoubtAboutEveryRecord() throws IOException {
    Files.createDirectory(state);
    Files.writeString(state.resolve("reported"), "kmodwatch-reported/2 whole\nwho knows\n");

    try (ReportJournal journal = open()) {
      assertThat(journal.doubtOf("a-1", true)).contains(UNKNOWN);
      assertThat(journal.faults()).isEmpty();
    }
    assertThat(state.resolve("reported.later")).content().contains("who knows");
    assertThat(notes)
        .containsExactly(
            "state: %s is a later version's, kept as %s; what was told before may be told again, marked as such"
                .formatted(state.resolve("reported"), state.resolve("reported.later")));
  }

  @Test
  void whatIsNoFile_isSetAside() throws Exception {
    Files.createDirectory(state);
    assertThat(new ProcessBuilder("mkfifo", state.resolve("reported").toString()).start().waitFor())
        .isZero();

    try (ReportJournal journal = open()) {
      journal.note("a-1");
      journal.clear();
      assertThat(journal.faults()).isEmpty();
    }
    assertThat(state.resolve("reported")).isRegularFile();
    assertThat(state.resolve("reported.unusable")).exists();
    assertThat(notes)
        .containsExactly(
            "state: %s is not a regular file, kept as %s; what was told before may be told again, marked as such"
                .formatted(state.resolve("reported"), state.resolve("reported.unusable")));
  }

  @Test
  void fileThatIsTooLarge_isSetAside_andTakesNoMemory() throws IOException {
    Files.createDirectory(state);
    try (FileChannel file =
        FileChannel.open(
            state.resolve("reported"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      int ignored = file.write(ByteBuffer.allocate(1), 64L << 20);
    }

    try (ReportJournal journal = open()) {
      assertThat(journal.doubtOf("a-1", true)).contains(UNKNOWN);
      assertThat(journal.faults()).isEmpty();
    }
    assertThat(state.resolve("reported")).hasSize(27);
    assertThat(notes).singleElement().asString().contains(" is larger than any that this program");
  }

  @Test
  void journalThatIsGone_givesADoubt_whereTheRingsHoldWhatOthersLeft() throws IOException {
    try (ReportJournal journal = open()) {
      assertThat(journal.doubtOf("a-1", true)).isEmpty();
      journal.resumed();
      assertThat(journal.doubtOf("a-1", true)).contains(UNKNOWN);
      journal.clear();
    }

    try (ReportJournal next = open()) {
      next.resumed();
      assertThat(next.doubtOf("a-1", true)).isEmpty();
    }
  }

  @Test
  void junk_isNoId_andGivesADoubtAboutEveryRecord() throws IOException {
    Files.createDirectory(state);
    Files.writeString(state.resolve("reported"), "a-1\n.\nJUNK\n");

    try (ReportJournal journal = open()) {
      assertThat(journal.isReported("a-1")).isTrue();
      assertThat(journal.doubtOf("JUNK", true)).contains(UNKNOWN);
    }
  }

  @Test
  void secondAgent_isRefused() throws IOException {
    try (ReportJournal first = open()) {
      first.note("a-1");

      assertThatThrownBy(this::open)
          .isInstanceOf(CommandException.class)
          .hasMessage(
              "another kmodwatch uses --state %s: give each its own, or stop that one"
                  .formatted(state));
    }
  }

  @Test
  void folderAndFile_areForNobodyElse() throws IOException {
    try (ReportJournal journal = open()) {
      journal.note("a-1");
    }

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state)))
        .isEqualTo("rwx------");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve("reported"))))
        .isEqualTo("rw-------");
  }

  private ReportJournal open() {
    return ReportJournal.open(
        state,
        (path, options) ->
            full
                ? FileChannel.open(
                    Path.of("/dev/full"), StandardOpenOption.READ, StandardOpenOption.WRITE)
                : FileChannel.open(
                    path,
                    options,
                    PosixFilePermissions.asFileAttribute(
                        PosixFilePermissions.fromString("rw-------"))),
        notes::add,
        () -> nowNanos);
  }
}
