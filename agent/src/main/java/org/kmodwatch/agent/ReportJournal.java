package org.kmodwatch.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;

/**
 * Which attempts have their record written, of those whose events are still in the pinned rings: an
 * agent that comes after one that was killed reads them again, and tells none of them twice.
 *
 * <p>A file of lines: {@code ID} before a record is written, {@code .} once all before it have been
 * handed on. It is not synced to disk: rings and journal both outlive a process, and both end with
 * the machine. One agent at a time: the file is locked. Where the disk takes nothing all is told
 * the same: a record that comes twice, under one id, is better than one that does not come.
 */
final class ReportJournal implements AutoCloseable {

  private static final String FILE = "reported";
  private static final String HANDED_ON = ".";

  private final FileChannel file;
  private final Consumer<String> notes;
  private final Set<String> told = new HashSet<>();
  private final Set<String> doubtful = new HashSet<>();
  private final Set<String> now = new HashSet<>();
  private boolean empty;
  private boolean fails;

  private ReportJournal(FileChannel file, Consumer<String> notes) {
    this.file = file;
    this.notes = notes;
  }

  /**
   * Opens the journal of a folder, making both if need be.
   *
   * @param notes takes lines for a person
   * @throws CommandException if it cannot be used, or another agent uses it
   */
  static ReportJournal open(Path folder, Consumer<String> notes) {
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      FileChannel file =
          FileChannel.open(
              folder.resolve(FILE),
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      lock(folder, file);
      var journal = new ReportJournal(file, notes);
      journal.read();
      return journal;
    } catch (IOException e) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "--state: cannot use %s, give a folder that can be written to: %s".formatted(folder, e),
          e);
    }
  }

  /** The id of the attempt that an event belongs to, which is that of its load record. */
  static String attemptOf(Event event) {
    long time =
        SensorContexts.of(event)
            .map(SensorContext::callTimeNanos)
            .filter(callTime -> callTime != 0)
            .orElse(event.timestampNanos());
    return Long.toHexString(time) + "-" + Integer.toHexString(event.process().hostThreadId());
  }

  /** Whether the record of an attempt was written by an agent before this one. */
  boolean isTold(String id) {
    return told.contains(id);
  }

  /** Whether an agent before this one was about to write the record, and may have. */
  boolean mayBeTold(String id) {
    return doubtful.contains(id);
  }

  /** Notes that the record of an attempt is about to be written. */
  void telling(String id) {
    now.add(id);
    empty = false;
    append(id + "\n");
  }

  /** How many were told and not handed on: what would be told again after a kill. */
  int unsettled() {
    return now.size();
  }

  /** Notes that all of them have been handed on. */
  void handedOn() {
    if (!now.isEmpty()) {
      append(HANDED_ON + "\n");
      now.clear();
    }
  }

  /** Forgets all: the rings have none of their events any more. */
  void clear() throws IOException {
    if (!empty) {
      file.truncate(0);
      empty = true;
    }
    told.clear();
    doubtful.clear();
    // Also what an output has not accepted, which may be much by then: nobody reads it again.
    now.clear();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private void append(String text) {
    try {
      // What failed may have left the beginning of a line.
      write(fails ? "\n" + text : text);
      if (fails) {
        fails = false;
        notes.accept("state: writing again");
      }
    } catch (IOException e) {
      if (!fails) {
        fails = true;
        notes.accept(
            "state: cannot write, what is told from now on may be told again after a kill: "
                + e.getMessage());
      }
    }
  }

  private void write(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    while (bytes.hasRemaining()) {
      file.write(bytes, file.size());
    }
  }

  private void read() throws IOException {
    var bytes = ByteBuffer.allocate((int) Math.min(file.size(), 64 << 20));
    while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
      // Until all is there.
    }
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    // A line without its end was being written when the agent was killed: nothing came of it.
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n", -1)) {
      if (line.equals(HANDED_ON)) {
        told.addAll(doubtful);
        doubtful.clear();
      } else if (!line.isEmpty()) {
        doubtful.add(line);
      }
    }
    if (!text.isEmpty() && !text.endsWith("\n")) {
      append("\n");
    }
  }

  private static void lock(Path folder, FileChannel file) throws IOException {
    try {
      if (file.tryLock() != null) {
        return;
      }
    } catch (OverlappingFileLockException ours) {
      // As another's.
    }
    file.close();
    throw new CommandException(
        ExitStatus.UNAVAILABLE,
        "another kmodwatch uses --state %s: give each its own, or stop that one".formatted(folder));
  }
}
