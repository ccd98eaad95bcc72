package org.kmodwatch.agent.shell;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Map;
import org.kmodwatch.agent.output.PlainText;
import org.kmodwatch.core.text.Beginnings;

/**
 * The environment of a command. It is a parameter, so that tests can replace it.
 *
 * @param in standard input
 * @param out standard output, unbuffered; unlike a PrintStream it throws its errors
 * @param err standard error
 * @param outIsTerminal whether standard output is a terminal
 * @param errIsTerminal whether standard error is a terminal
 * @param variables the environment variables
 * @param zone the time zone for people
 * @param root the root of the file system that holds /proc, /sys and /etc
 */
public record Shell(
    InputStream in,
    OutputStream out,
    PrintStream err,
    boolean outIsTerminal,
    boolean errIsTerminal,
    Map<String, String> variables,
    ZoneId zone,
    Path root) {

  private static final int MAX_NOTE_CHARS = 8 << 10;

  /** Returns the environment of this process. */
  public static Shell ofProcess() {
    String target = targetOf(Path.of("/proc/self/fd/1"));
    return new Shell(
        new FileInputStream(FileDescriptor.in),
        new StandardOutput(
            new FileOutputStream(FileDescriptor.out),
            target.startsWith("pipe:") || target.startsWith("socket:"),
            isJournal(System.getenv(), Path.of("/proc/self/fd/1"))),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        isTerminal(target),
        isTerminal(targetOf(Path.of("/proc/self/fd/2"))),
        System.getenv(),
        ZoneId.systemDefault(),
        Path.of("/"));
  }

  /**
   * Writes {@code text} to standard output.
   *
   * @throws IOException if the write fails
   */
  public void print(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns this environment with other output streams. */
  public Shell writingTo(OutputStream newOut, PrintStream newErr) {
    return new Shell(in, newOut, newErr, outIsTerminal, errIsTerminal, variables, zone, root);
  }

  /** Shows an error or a warning as one line on standard error, with the name of this program. */
  public void complain(String message) {
    note("kmodwatch: " + message);
  }

  /** Shows one line on standard error. */
  public void note(String message) {
    String line = PlainText.escapeControls(message);
    // A line of the journal holds at most 48 KiB, and a character has up to four bytes.
    err.println(
        line.length() <= MAX_NOTE_CHARS
            ? line
            : Beginnings.of(line, MAX_NOTE_CHARS)
                + "… (cut: %d characters in all)".formatted(line.length()));
  }

  /**
   * Returns whether to colour standard output; https://no-color.org and https://force-color.org.
   */
  public boolean colour() {
    if (!variables.getOrDefault("NO_COLOR", "").isEmpty()) {
      return false;
    }
    boolean forced = !variables.getOrDefault("FORCE_COLOR", "").isEmpty();
    return forced || (outIsTerminal && !"dumb".equals(variables.get("TERM")));
  }

  /**
   * Returns whether a descriptor's target is a terminal. System.console() does not help: it also
   * requires standard input to be a terminal, which it is not in {@code zcat x | kmodwatch replay
   * -}.
   */
  private static boolean isTerminal(String target) {
    return target.startsWith("/dev/pts/")
        || target.startsWith("/dev/tty")
        || target.equals("/dev/console");
  }

  /**
   * Returns whether a descriptor is a stream to journald, which systemd names by device and inode
   * (JOURNAL_STREAM in systemd.exec(5)).
   */
  static boolean isJournal(Map<String, String> variables, Path descriptor) {
    String stream = variables.getOrDefault("JOURNAL_STREAM", "");
    if (stream.isEmpty()) {
      return false;
    }
    try {
      Map<String, Object> found = Files.readAttributes(descriptor, "unix:dev,ino");
      return stream.equals(found.get("dev") + ":" + found.get("ino"));
    } catch (IOException | UnsupportedOperationException unknown) {
      return false;
    }
  }

  private static String targetOf(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException | UnsupportedOperationException unknown) {
      return "";
    }
  }
}
