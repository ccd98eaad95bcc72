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
 * The attempts at which an agent ended, for want of memory before all. Their events come again from
 * a pinned sensor at the next start, and would end each that follows; so they are passed over then.
 *
 * <p>A file of lines, an attempt's id each, written as an agent ends and never before: ordinary
 * events cost nothing. Memory for that is set aside at the start. Not synced to disk, as {@link
 * ReportJournal} is not, whose lock is on the folder. Used by one thread.
 */
public final class FatalAttempts implements AutoCloseable {

  private static final String FILE = "fatal";

  private static final int RESERVE_BYTES = 256 << 10;

  private final @Nullable FileChannel file;
  private final Consumer<String> notes;
  private final Set<String> kept = new LinkedHashSet<>();

  /** Given back to the heap when there is nothing left in it to write with. */
  @SuppressWarnings("UnusedVariable") // It is there to be let go.
  private byte @Nullable [] reserve = new byte[RESERVE_BYTES];

  private FatalAttempts(@Nullable FileChannel file, Consumer<String> notes) {
    this.file = file;
    this.notes = notes;
  }

  /**
   * Opens those of a folder, which is there.
   *
   * @param notes takes lines for a person
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

  /** Whether an agent ended at the attempt that {@code event} is of. */
  public boolean contains(Event event) {
    return !kept.isEmpty() && kept.contains(Identity.recordId(event));
  }

  /**
   * Notes that this agent ends at {@code event}. What cannot be written stays unwritten: there is
   * no memory to say so.
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
      // Then the next one may end too.
    }
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
