package org.kmodwatch.agent.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.Identity;

/**
 * Keeps the attempts at which an agent ended, mostly for lack of memory. A pinned sensor delivers
 * their events again at the next start. They would end each later agent too, so it skips them.
 *
 * <p>The file has one attempt id a line. It is written only as an agent ends, so ordinary events
 * cost nothing. Memory for that write is reserved at the start. The file is not synced to disk,
 * like that of {@link ReportJournal}, which locks the folder. Used by one thread.
 */
public final class FatalAttempts implements AutoCloseable {

  private static final String FILE = "fatal";

  private static final int RESERVE_BYTES = 256 << 10;

  private final @Nullable FileChannel file;
  private final Consumer<String> notes;
  private final Set<String> kept = new LinkedHashSet<>();

  /** Memory that {@link #mark} frees for its write when the heap is full. */
  @SuppressWarnings("UnusedVariable") // Exists only to be freed.
  private byte @Nullable [] reserve = new byte[RESERVE_BYTES];

  private FatalAttempts(@Nullable FileChannel file, Consumer<String> notes) {
    this.file = file;
    this.notes = notes;
  }

  /**
   * Opens the file in an existing folder.
   *
   * @param notes takes messages for a person
   */
  public static FatalAttempts open(Path folder, Consumer<String> notes) {
    FileChannel file = null;
    try {
      file = StateFiles.open(folder.resolve(FILE));
      var attempts = new FatalAttempts(file, notes);
      attempts.kept.addAll(AttemptIds.takeOver(file));
      return attempts;
    } catch (IOException e) {
      notes.accept(
          "state: cannot note at which attempt this agent ends, one that ends it may end the next"
              + " one too: "
              + e.getMessage());
      return new FatalAttempts(file, notes);
    }
  }

  /** Returns whether an agent ended at the attempt of {@code event}. */
  public boolean contains(Event event) {
    return !kept.isEmpty() && kept.contains(Identity.recordId(event));
  }

  /**
   * Writes that this agent ends at {@code event}. A failed write is not reported: there is no
   * memory for a message.
   */
  public void mark(Event event) {
    reserve = null;
    if (file == null) {
      return;
    }
    try {
      String id = Identity.recordId(event);
      StateFiles.write(file, file.size(), id + "\n");
      notes.accept("this agent ends at attempt %s, which the next start passes over".formatted(id));
    } catch (IOException | OutOfMemoryError e) {
      // The next agent may end here too.
    }
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
