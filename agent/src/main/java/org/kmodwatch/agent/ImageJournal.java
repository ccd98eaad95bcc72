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
import org.kmodwatch.agent.identity.ReadingMarks;
import org.kmodwatch.core.event.Event;

/**
 * The attempts whose image was being read when an agent ended. The events of a pinned sensor come
 * again at the next start, and what ended one agent would end each that follows; so no image is
 * read twice after that.
 *
 * <p>A file of lines, an attempt's id each: first those that ended an agent, then the one that is
 * being read, which is taken off when that is done. Not synced to disk, as {@link ReportJournal} is
 * not. Where it cannot be written, images are read all the same, and that is said once. Used by the
 * sensor's thread.
 */
final class ImageJournal implements ReadingMarks, AutoCloseable {

  private static final String FILE = "reading";

  /** Each took an agent's life, so there are few. */
  private static final int MAX_ENDED = 256;

  private static final int MAX_BYTES = 64 << 10;

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
   * Opens the one of a folder, which is there.
   *
   * @param notes takes lines for a person
   */
  static ImageJournal open(Path folder, Consumer<String> notes) {
    try {
      FileChannel file =
          FileChannel.open(
              folder.resolve(FILE),
              Set.of(
                  StandardOpenOption.CREATE,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE,
                  LinkOption.NOFOLLOW_LINKS),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
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
    String id = ReportJournal.attemptOf(event);
    if (ended.contains(id)) {
      return false;
    }
    if (file != null) {
      try {
        write(file, endedBytes, id + "\n");
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
    var bytes = ByteBuffer.allocate((int) Math.min(from.size(), MAX_BYTES));
    while (bytes.hasRemaining() && from.read(bytes, bytes.position()) > 0) {
      // Until all is there.
    }
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    // Before a line was written to its end, nothing was read.
    List<String> lines =
        text.substring(0, text.lastIndexOf('\n') + 1)
            .lines()
            .filter(line -> ReportJournal.ID.matcher(line).matches())
            .toList();
    ended.addAll(lines.subList(Math.max(0, lines.size() - MAX_ENDED), lines.size()));
    String kept = ended.isEmpty() ? "" : String.join("\n", ended) + "\n";
    if (!kept.equals(text)) {
      from.truncate(0);
      write(from, 0, kept);
    }
    endedBytes = kept.length();
    if (!lines.isEmpty()) {
      notes.accept(
          "an agent ended as it read the image of attempt %s, which is not read again"
              .formatted(lines.getLast()));
    }
  }

  private static void write(FileChannel to, long position, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    long at = position;
    while (bytes.hasRemaining()) {
      at += to.write(bytes, at);
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
