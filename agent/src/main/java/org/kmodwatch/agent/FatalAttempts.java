package org.kmodwatch.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;

/**
 * The attempts at which an agent ended, for want of memory before all. Their events come again from
 * a pinned sensor at the next start, and would end each that follows; so they are passed over then.
 *
 * <p>A file of lines, an attempt's id each, written as an agent ends and never before: ordinary
 * events cost nothing. Memory for that is set aside at the start. Not synced to disk, as {@link
 * ReportJournal} is not, whose lock is on the folder. Used by one thread.
 */
final class FatalAttempts implements AutoCloseable {

  private static final String FILE = "fatal";

  /** Each took an agent's life, so there are few; past that the oldest are forgotten. */
  private static final int MAX_KEPT = 256;

  private static final int MAX_BYTES = 64 << 10;
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
  static FatalAttempts open(Path folder, Consumer<String> notes) {
    FileChannel file = null;
    try {
      file =
          FileChannel.open(
              folder.resolve(FILE),
              Set.of(
                  StandardOpenOption.CREATE,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE,
                  LinkOption.NOFOLLOW_LINKS),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      var attempts = new FatalAttempts(file, notes);
      attempts.takeOver(file);
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
  boolean contains(Event event) {
    return !kept.isEmpty() && kept.contains(ReportJournal.attemptOf(event));
  }

  /**
   * Notes that this agent ends at {@code event}. What cannot be written stays unwritten: there is
   * no memory to say so.
   */
  void mark(Event event) {
    reserve = null;
    if (file == null) {
      return;
    }
    try {
      String id = ReportJournal.attemptOf(event);
      write(file, file.size(), id + "\n");
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

  private void takeOver(FileChannel from) throws IOException {
    var bytes = ByteBuffer.allocate((int) Math.min(from.size(), MAX_BYTES));
    while (bytes.hasRemaining() && from.read(bytes, bytes.position()) > 0) {
      // Until all is there.
    }
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    List<String> ids =
        text.substring(0, text.lastIndexOf('\n') + 1)
            .lines()
            .filter(line -> ReportJournal.ID.matcher(line).matches())
            .distinct()
            .toList();
    kept.addAll(ids.subList(Math.max(0, ids.size() - MAX_KEPT), ids.size()));
    String whole = kept.isEmpty() ? "" : String.join("\n", kept) + "\n";
    if (whole.length() != from.size()) {
      from.truncate(0);
      write(from, 0, whole);
    }
  }

  private static void write(FileChannel to, long position, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    long at = position;
    while (bytes.hasRemaining()) {
      at += to.write(bytes, at);
    }
  }
}
