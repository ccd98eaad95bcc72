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
 * What a command has around it; passed in, so that tests can stand in for it.
 *
 * @param in standard input
 * @param out standard output, unbuffered; its failures are seen, unlike those of a PrintStream
 * @param err standard error
 * @param outIsTerminal whether a person reads standard output
 * @param errIsTerminal whether a person reads standard error
 * @param variables the environment variables
 * @param zone the time zone for people
 * @param root the file system that /proc, /sys and /etc are read from
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

  /** This process's own. */
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
   * @throws IOException if nobody takes it
   */
  public void print(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The same, but with other streams to write to. */
  public Shell writingTo(OutputStream newOut, PrintStream newErr) {
    return new Shell(in, newOut, newErr, outIsTerminal, errIsTerminal, variables, zone, root);
  }

  /** Shows one line on standard error that names this program: an error or a warning. */
  public void complain(String message) {
    note("kmodwatch: " + message);
  }

  /** Shows one line on standard error. */
  public void note(String message) {
    String line = PlainText.escapeControls(message);
    // No line of the journal holds more than 48 KiB, and a character has up to four bytes.
    err.println(
        line.length() <= MAX_NOTE_CHARS
            ? line
            : Beginnings.of(line, MAX_NOTE_CHARS)
                + "… (cut: %d characters in all)".formatted(line.length()));
  }

  /** Whether to colour standard output; https://no-color.org and https://force-color.org. */
  public boolean colour() {
    if (!variables.getOrDefault("NO_COLOR", "").isEmpty()) {
      return false;
    }
    boolean forced = !variables.getOrDefault("FORCE_COLOR", "").isEmpty();
    return forced || (outIsTerminal && !"dumb".equals(variables.get("TERM")));
  }

  /**
   * System.console() cannot be asked: it also wants standard input to be a terminal, which it is
   * not in {@code zcat x | kmodwatch replay -}.
   */
  private static boolean isTerminal(String target) {
    return target.startsWith("/dev/pts/")
        || target.startsWith("/dev/tty")
        || target.equals("/dev/console");
  }

  /**
   * Whether a descriptor is a stream to journald: systemd names that by its device and inode
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
