package org.kmodwatch.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.output.JsonOutputs;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/**
 * Writes a run into a folder: {@code events.ndjson}, {@code findings.ndjson}, {@code loads.ndjson},
 * {@code ledger.json}.
 */
final class Recorder implements Output, AutoCloseable {

  private final Path folder;
  private final OutputStream eventsFile;
  private final OutputStream findingsFile;
  private final OutputStream loadsFile;
  private final Output events;
  private final Output findings;
  private final Output loads;

  private Recorder(
      Path folder, OutputStream eventsFile, OutputStream findingsFile, OutputStream loadsFile) {
    this.folder = folder;
    this.eventsFile = eventsFile;
    this.findingsFile = findingsFile;
    this.loadsFile = loadsFile;
    this.events = JsonOutputs.events(eventsFile);
    this.findings = JsonOutputs.findings(findingsFile);
    this.loads = JsonOutputs.loads(loadsFile);
  }

  /**
   * Opens the files, making the folder if need be.
   *
   * @throws CommandException if one cannot be made, or is there already: a recording is never
   *     overwritten
   */
  static Recorder open(Path folder) {
    try {
      Files.createDirectories(folder);
      OutputStream events = create(folder.resolve("events.ndjson"));
      OutputStream findings = create(folder.resolve("findings.ndjson"));
      OutputStream loads = create(folder.resolve("loads.ndjson"));
      return new Recorder(folder, events, findings, loads);
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

  @Override
  public void finding(Finding finding) throws IOException {
    try {
      findings.finding(finding);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void event(Event event) throws IOException {
    try {
      events.event(event);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void load(LoadRecord load) throws IOException {
    try {
      loads.load(load);
    } catch (IOException e) {
      throw failure(e);
    }
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
    try {
      events.flush();
      findings.flush();
      loads.flush();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Replaces {@code ledger.json}; whoever reads it sees the old one or the new one, whole. */
  void write(Ledger ledger) throws IOException {
    try {
      Path next = folder.resolve("ledger.json.new");
      Files.writeString(next, JsonText.pretty(ledger.toJson()) + "\n", StandardCharsets.UTF_8);
      Files.move(
          next,
          folder.resolve("ledger.json"),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void close() throws IOException {
    try (eventsFile;
        findingsFile;
        loadsFile) {
      flush();
    }
  }

  private IOException failure(IOException e) {
    return new IOException("cannot write the recording in %s: %s".formatted(folder, e), e);
  }

  private static OutputStream create(Path file) throws IOException {
    return Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }
}
