package org.kmodwatch.agent.shell;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.PlainText;

/**
 * Shows progress as one line on the terminal of standard error. The next line replaces it. It must
 * be cleared before other output goes to the same terminal; {@link #before} does so. If standard
 * error is no terminal, nothing is shown. Thread-safe.
 *
 * <p>me.tongfei:progressbar (0.10.1 was tried) is not used. It takes 250 ms to its first line and
 * brings JLine with a native library. It draws in a separate thread, and does not clear its line
 * for other output.
 */
public final class StatusLine {

  /**
   * Limits the line to the width of the narrowest usual terminal. A longer line would wrap and
   * could not be erased.
   */
  public static final int MAX_COLUMNS = 79;

  /** Moves to the first column and erases to the end of the line (ECMA-48, CR and EL). */
  private static final String ERASE = "\r\u001b[K";

  private final @Nullable PrintStream terminal;
  private boolean shown;

  private StatusLine(@Nullable PrintStream terminal) {
    this.terminal = terminal;
  }

  /** Returns a status line on this process's standard error. */
  public static StatusLine ofProcess() {
    return of(Shell.ofProcess());
  }

  /** Returns a status line on a terminal. */
  public static StatusLine on(PrintStream terminal) {
    return new StatusLine(terminal);
  }

  /** Returns a status line on the shell's standard error. */
  public static StatusLine of(Shell shell) {
    boolean able = shell.errIsTerminal() && !"dumb".equals(shell.variables().get("TERM"));
    return new StatusLine(able ? shell.err() : null);
  }

  /** Returns whether there is a terminal to show the line. */
  public boolean isVisible() {
    return terminal != null;
  }

  /** Shows {@code text} and replaces the earlier line. A text that is too long is cut. */
  public synchronized void show(String text) {
    if (terminal != null) {
      terminal.print(ERASE + cut(PlainText.escapeControls(text)));
      terminal.flush();
      shown = true;
    }
  }

  /** Erases the line. */
  public synchronized void clear() {
    if (terminal != null && shown) {
      terminal.print(ERASE);
      terminal.flush();
      shown = false;
    }
  }

  /** Returns a stream that erases the line before it writes to {@code out}. */
  public OutputStream before(OutputStream out) {
    return terminal == null ? out : new Giving(out);
  }

  private static String cut(String text) {
    return text.codePointCount(0, text.length()) <= MAX_COLUMNS
        ? text
        : text.substring(0, text.offsetByCodePoints(0, MAX_COLUMNS));
  }

  /** Erases the line before each write. */
  private final class Giving extends OutputStream {
    private final OutputStream out;

    Giving(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      synchronized (StatusLine.this) {
        clear();
        out.write(bytes, offset, length);
      }
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }
  }
}
