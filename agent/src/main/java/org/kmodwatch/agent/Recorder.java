package org.kmodwatch.agent;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.output.JsonOutputs;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputQueue;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/**
 * Writes a run into a folder: {@code events.ndjson}, {@code findings.ndjson}, {@code loads.ndjson},
 * {@code ledger.json}. By a queue of its own: a full disk holds up nobody, and what it has no room
 * for waits.
 */
final class Recorder implements Output, AutoCloseable {

  private final Path folder;
  private final OutputQueue queue;
  private final List<FileChannel> files;
  private final Output events;
  private final Output findings;
  private final Output loads;

  private Recorder(Path folder, OutputQueue queue, List<FileChannel> files) {
    this.folder = folder;
    this.queue = queue;
    this.files = files;
    this.events = JsonOutputs.events(queue.to(files.get(0)::write));
    this.findings = JsonOutputs.findings(queue.to(files.get(1)::write));
    this.loads = JsonOutputs.loads(queue.to(files.get(2)::write));
  }

  /**
   * Opens the files, making the folder if need be.
   *
   * @param notes takes lines for a person, from any thread
   * @throws CommandException if one cannot be made, or is there already: a recording is never
   *     overwritten
   */
  static Recorder open(Path folder, Consumer<String> notes) {
    try {
      Files.createDirectories(folder);
      return new Recorder(
          folder,
          OutputQueue.named("record", OutputQueue.MAX_BYTES, notes),
          List.of(
              create(folder.resolve("events.ndjson")),
              create(folder.resolve("findings.ndjson")),
              create(folder.resolve("loads.ndjson"))));
    } catch (FileAlreadyExistsException e) {
      throw new CommandException(
          ExitStatus.USAGE,
          "there is something already, give a new folder: --record %s (%s)"
              .formatted(folder, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "cannot record into --record %s, give a folder that can be written to: %s"
              .formatted(folder, e),
          e);
    }
  }

  /** What waits to be written. */
  OutputQueue queue() {
    return queue;
  }

  @Override
  public void finding(Finding finding) throws IOException {
    findings.finding(finding);
  }

  @Override
  public void event(Event event) throws IOException {
    events.event(event);
  }

  @Override
  public void load(LoadRecord load) throws IOException {
    loads.load(load);
  }

  @Override
  public void requestWithoutLoad(Event request) {
    // It is one of the events.
  }

  @Override
  public void alert(Alert alert) {
    // The load or the finding that it is about is recorded.
  }

  @Override
  public void flush() throws IOException {
    events.flush();
    findings.flush();
    loads.flush();
  }

  /**
   * Has {@code ledger.json} replaced, once what was recorded so far is written; whoever reads it
   * sees the old one or the new one, whole.
   */
  void write(Ledger ledger) {
    String text = JsonText.pretty(ledger.toJson()) + "\n";
    queue.after(
        () -> {
          Path next = folder.resolve("ledger.json.new");
          Files.writeString(next, text, StandardCharsets.UTF_8);
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
    for (FileChannel file : files) {
      file.close();
    }
  }

  private static FileChannel create(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }
}
