package org.kmodwatch.agent.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.identity.ReadingMarks;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.Identity;

/**
 * Keeps the attempts whose image was being read when an agent ended. A pinned sensor delivers their
 * events again at the next start. An image that ended one agent would end each later one, so it is
 * not read again.
 *
 * <p>The file has one attempt id a line. The first lines are the attempts that ended an agent. The
 * last line is the attempt being read, and is removed after the reading. The file is not synced to
 * disk, like that of {@link ReportJournal}. If it cannot be written, images are read all the same,
 * and the error is reported once. Used by the sensor's thread.
 */
public final class ImageJournal implements ReadingMarks, AutoCloseable {

  private static final String FILE = "reading";

  private final @Nullable FileChannel file;
  private final Consumer<String> notes;
  private final Set<String> ended = new LinkedHashSet<>();
  private long endedBytes;
  private boolean fails;

  private ImageJournal(@Nullable FileChannel file, Consumer<String> notes) {
    this.file = file;
    this.notes = notes;
  }

  /**
   * Opens the journal in an existing folder.
   *
   * @param notes takes messages for a person
   */
  public static ImageJournal open(Path folder, Consumer<String> notes) {
    try {
      FileChannel file = StateFiles.open(folder.resolve(FILE));
      var journal = new ImageJournal(file, notes);
      try {
        journal.takeOver(file);
      } catch (IOException e) {
        journal.failed(e);
      }
      return journal;
    } catch (IOException e) {
      var journal = new ImageJournal(null, notes);
      journal.failed(e);
      return journal;
    }
  }

  @Override
  public boolean begin(Event event) {
    String id = Identity.recordId(event);
    if (ended.contains(id)) {
      return false;
    }
    if (file != null) {
      try {
        StateFiles.write(file, endedBytes, id + "\n");
        fails = false;
      } catch (IOException e) {
        failed(e);
      }
    }
    return true;
  }

  @Override
  public void end() {
    if (file != null) {
      try {
        file.truncate(endedBytes);
      } catch (IOException e) {
        failed(e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }

  private void takeOver(FileChannel from) throws IOException {
    SequencedSet<String> marks = AttemptIds.takeOver(from);
    ended.addAll(marks);
    endedBytes = from.size();
    if (!marks.isEmpty()) {
      notes.accept(
          "an agent ended as it read the image of attempt %s, which is not read again"
              .formatted(marks.getLast()));
    }
  }

  private void failed(IOException e) {
    if (!fails) {
      fails = true;
      notes.accept(
          "state: cannot note which image is being read, one that ends this agent may end the next"
              + " one too: "
              + e.getMessage());
    }
  }
}
