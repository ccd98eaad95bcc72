package org.kmodwatch.agent.shell;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.PlainText;

/**
 * A line on the terminal of standard error that says how far something has come. It is replaced by
 * the next one, and has to be gone before anything else is written to the same terminal, which
 * {@link #before} sees to. Where standard error is no terminal nothing is ever shown. Thread-safe.
 *
 * <p>Our own rather than me.tongfei:progressbar (0.10.1 was tried): that takes 250 ms to its first
 * line, brings JLine with a native library, draws from a thread of its own, and does not give way
 * to what others write.
 */
public final class StatusLine {

  /** What the narrowest usual terminal has room for; a longer line could not be taken back. */
  public static final int MAX_COLUMNS = 79;

  /** To the first column, and erase to the end of the line (ECMA-48, CR and EL). */
  private static final String ERASE = "\r\u001b[K";

  private final @Nullable PrintStream terminal;
  private boolean shown;

  private StatusLine(@Nullable PrintStream terminal) {
    this.terminal = terminal;
  }

  /** On this process's standard error. */
  public static StatusLine ofProcess() {
    return of(Shell.ofProcess());
  }

  /** On this terminal. */
  public static StatusLine on(PrintStream terminal) {
    return new StatusLine(terminal);
  }

  /** On the shell's standard error. */
  public static StatusLine of(Shell shell) {
    boolean able = shell.errIsTerminal() && !"dumb".equals(shell.variables().get("TERM"));
    return new StatusLine(able ? shell.err() : null);
  }

  /** Whether there is a terminal to show it on. */
  public boolean isVisible() {
    return terminal != null;
  }

  /** Shows {@code text} in place of what was shown; what is too long is cut. */
  public synchronized void show(String text) {
    if (terminal != null) {
      terminal.print(ERASE + cut(PlainText.escapeControls(text)));
      terminal.flush();
      shown = true;
    }
  }

  /** Takes away what was shown. */
  public synchronized void clear() {
    if (terminal != null && shown) {
      terminal.print(ERASE);
      terminal.flush();
      shown = false;
    }
  }

  /** A stream that takes the line away before anything is written to {@code out}. */
  public OutputStream before(OutputStream out) {
    return terminal == null ? out : new Giving(out);
  }

  private static String cut(String text) {
    return text.codePointCount(0, text.length()) <= MAX_COLUMNS
        ? text
        : text.substring(0, text.offsetByCodePoints(0, MAX_COLUMNS));
  }

  /** Gives way to what is written. */
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
