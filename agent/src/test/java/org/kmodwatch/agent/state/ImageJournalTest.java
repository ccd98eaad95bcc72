package org.kmodwatch.agent.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.Identity;

class ImageJournalTest {

  private static final Event EVENT = event("module_image").build();
  private static final String ID = Identity.recordId(EVENT);

  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  @Test
  void imageThatWasRead_isReadAgain() throws IOException {
    try (ImageJournal journal = open()) {
      assertThat(journal.begin(EVENT)).isTrue();
      journal.end();
    }

    try (ImageJournal next = open()) {
      assertThat(next.begin(EVENT)).isTrue();
    }
    assertThat(notes).isEmpty();
  }

  @Test
  void imageThatEndedAnAgent_isReadByNoneThatFollows() throws IOException {
    try (ImageJournal journal = open()) {
      assertThat(journal.begin(EVENT)).isTrue();
    }

    for (int i = 0; i < 3; i++) {
      try (ImageJournal next = open()) {
        assertThat(next.begin(EVENT)).isFalse();
        assertThat(next.begin(event("module_image").by("other", 77, 0).build())).isTrue();
        next.end();
      }
    }
    assertThat(notes)
        .hasSize(3)
        .containsOnly(
            "an agent ended as it read the image of attempt %s, which is not read again"
                .formatted(ID));
    assertThat(folder.resolve("reading")).hasContent(ID + "\n");
  }

  @Test
  void whatIsNoAttempt_isPassedOver_andNotSaid() throws IOException {
    Files.writeString(folder.resolve("reading"), "\033[2Jowned\n\n" + ID + " \n");

    try (ImageJournal journal = open()) {
      assertThat(journal.begin(EVENT)).isTrue();
    }

    assertThat(notes).isEmpty();
  }

  @Test
  void linkToAnotherFile_isNotFollowed() throws IOException {
    Path other = Files.writeString(folder.resolve("other"), "another's\n".repeat(300));
    Files.createSymbolicLink(folder.resolve("reading"), other);

    try (ImageJournal journal = open()) {
      assertThat(journal.begin(EVENT)).isTrue();
    }

    assertThat(other).hasContent("another's\n".repeat(300));
    assertThat(notes).singleElement().asString().startsWith("state: cannot note which image");
  }

  @Test
  void markThatWasNotWrittenToItsEnd_saysNothing() throws IOException {
    Files.writeString(folder.resolve("reading"), "abc-1\n" + ID);

    try (ImageJournal journal = open()) {
      assertThat(journal.begin(EVENT)).isTrue();
      journal.end();
    }
    assertThat(folder.resolve("reading")).hasContent("abc-1\n");
  }

  @Test
  void marks_areBounded() throws IOException {
    for (int i = 0; i < 3000; i++) {
      Files.writeString(
          folder.resolve("reading"),
          "18b0f0a0b0c0d0e-%x\n".formatted(i),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }

    open().close();

    assertThat(Files.readAllLines(folder.resolve("reading")))
        .hasSize(256)
        .last()
        .isEqualTo("18b0f0a0b0c0d0e-bb7");
  }

  @Test
  void fullDisk_isSaidOnce_andKeepsNothingFromBeingRead() throws IOException {
    Files.createSymbolicLink(folder.resolve("reading"), Path.of("/dev/full"));

    try (ImageJournal journal = open()) {
      assertThat(journal.begin(EVENT)).isTrue();
      journal.end();
      assertThat(journal.begin(EVENT)).isTrue();
    }

    assertThat(notes)
        .singleElement()
        .asString()
        .startsWith(
            "state: cannot note which image is being read, one that ends this agent may end the"
                + " next one too: ");
  }

  @Test
  void folderThatIsNotThere_isSaid_andKeepsNothingFromBeingRead() throws IOException {
    try (ImageJournal journal = ImageJournal.open(folder.resolve("none"), notes::add)) {
      assertThat(journal.begin(EVENT)).isTrue();
    }

    assertThat(notes).hasSize(1);
  }

  private ImageJournal open() {
    return ImageJournal.open(folder, notes::add);
  }
}
