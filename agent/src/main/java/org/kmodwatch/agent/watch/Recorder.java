package org.kmodwatch.agent.watch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Destination;
import org.kmodwatch.agent.output.JsonOutputs;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputQueue;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.state.StateFiles;
import org.kmodwatch.history.store.StoreException;

/**
 * Writes a run into a folder: {@code events.ndjson}, {@code findings.ndjson}, {@code loads.ndjson},
 * {@code ledger.json}. It has a separate queue: lines wait there while the disk is full, and no
 * other output waits for it.
 */
public final class Recorder implements Output, AutoCloseable {

  private static final List<String> NAMES =
      List.of("events.ndjson", "findings.ndjson", "loads.ndjson");

  /** The largest number of recording folders. If all are in use, {@link #open} throws. */
  private static final int MAX_FOLDERS = 10_000;

  private final Path folder;
  private final OutputQueue queue;
  private final List<RecordFile> files;
  private final Output events;
  private final Output findings;
  private final Output loads;

  private Recorder(Path folder, OutputQueue queue, List<RecordFile> files) {
    this.folder = folder;
    this.queue = queue;
    this.files = files;
    this.events = JsonOutputs.events(queue.to(files.get(0)));
    this.findings = JsonOutputs.findings(queue.to(files.get(1)));
    this.loads = JsonOutputs.loads(queue.to(files.get(2)));
  }

  /**
   * The options for a new file. Only the owner can read arguments and paths, whatever the umask.
   */
  private static final Set<StandardOpenOption> NEW =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

  /**
   * Opens the files, and creates the folder if it is missing. If the disk is full, read-only or
   * broken, a later write opens them. No disk fault keeps the agent from starting.
   *
   * @param notes receives messages for a person, from any thread
   * @throws CommandException if a file cannot be created or exists already: a recording is never
   *     overwritten
   */
  static Recorder open(Path folder, Consumer<String> notes) {
    List<RecordFile> files = NAMES.stream().map(folder::resolve).map(RecordFile::new).toList();
    try {
      for (RecordFile file : files) {
        file.open();
      }
    } catch (FileAlreadyExistsException e) {
      throw new CommandException(
          ExitStatus.USAGE,
          "there is something already, give a new folder: --record %s (%s)"
              .formatted(folder, e.getMessage()),
          e);
    } catch (IOException e) {
      if (!StoreException.isOfTheDisk(e)) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE,
            "cannot record into --record %s, give a folder that can be written to: %s"
                .formatted(folder, e),
            e);
      }
      notes.accept("record: cannot be opened yet, trying again: " + e.getMessage());
    }
    return new Recorder(folder, OutputQueue.named("record", OutputQueue.MAX_BYTES, notes), files);
  }

  /**
   * Returns the folder for an agent that restarts automatically. This is {@code folder}, unless it
   * already holds a recording. Then it is the first of {@code folder.2}, {@code folder.3} and so on
   * without a recording.
   */
  static Path next(Path folder) {
    Path next = folder;
    for (int n = 2; n <= MAX_FOLDERS && isTaken(next); n++) {
      next = folder.resolveSibling(folder.getFileName() + "." + n);
    }
    return next;
  }

  private static boolean isTaken(Path folder) {
    return NAMES.stream()
        .anyMatch(name -> Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS));
  }

  /** A new file. The first write opens it if it could not be opened before. */
  private static final class RecordFile implements Destination {
    private final Path path;
    private @Nullable FileChannel channel;

    RecordFile(Path path) {
      this.path = path;
    }

    synchronized FileChannel open() throws IOException {
      FileChannel open = channel;
      if (open == null) {
        Path parent = path.getParent();
        if (parent != null) {
          Files.createDirectories(parent);
        }
        open = StateFiles.open(path, NEW);
        channel = open;
      }
      return open;
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      open().write(bytes);
    }

    synchronized void close() throws IOException {
      if (channel != null) {
        channel.close();
      }
    }
  }

  /** Returns the queue of the lines to be written. */
  OutputQueue queue() {
    return queue;
  }

  @Override
  public void accept(Notice notice) throws IOException {
    events.accept(notice);
    findings.accept(notice);
    loads.accept(notice);
  }

  @Override
  public void flush() throws IOException {
    events.flush();
    findings.flush();
    loads.flush();
  }

  /**
   * Replaces {@code ledger.json} after the records so far are written. A reader sees either the
   * complete old file or the complete new one.
   */
  void write(Ledger ledger) {
    String text = JsonText.pretty(ledger.toJson()) + "\n";
    queue.after(
        () -> {
          Path next = folder.resolve("ledger.json.new");
          Files.deleteIfExists(next);
          try (FileChannel file = StateFiles.open(next, NEW)) {
            StateFiles.write(file, 0, text);
          }
          Files.move(
              next,
              folder.resolve("ledger.json"),
              StandardCopyOption.ATOMIC_MOVE,
              StandardCopyOption.REPLACE_EXISTING);
        });
  }

  @Override
  public void close() throws IOException {
    flush();
    queue.close();
    for (RecordFile file : files) {
      file.close();
    }
  }
}
