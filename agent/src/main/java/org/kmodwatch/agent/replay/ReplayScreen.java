package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.kmodwatch.agent.shell.MeteredOutput;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.StandardOutput;
import org.kmodwatch.agent.shell.StatusLine;

/**
 * Provides the output streams of a replay: the shell's streams, with a status line on the terminal
 * that is cleared before each output. They can be muted while the output repeats that of an earlier
 * run. Not thread-safe.
 */
public final class ReplayScreen {

  private final Shell outer;
  private final Shell inner;
  private final StatusLine line;
  private final MeteredOutput out;
  private final MeteredOutput err;

  /** Writes to the streams of {@code shell}. */
  ReplayScreen(Shell shell) {
    this.outer = shell;
    this.line = StatusLine.of(shell);
    // Standard output is usually another terminal, or not a terminal. To clear the line is harmless
    // then.
    this.out = new MeteredOutput(shell.outIsTerminal() ? line.before(shell.out()) : shell.out());
    this.err = new MeteredOutput(line.before(shell.err()));
    this.inner = shell.writingTo(out, new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  /** Returns the shell for the parts of the replay. */
  Shell shell() {
    return inner;
  }

  StatusLine line() {
    return line;
  }

  void mute(boolean muted) {
    out.mute(muted);
    err.mute(muted);
  }

  /** Returns how many bytes were written to standard output, muted or not. */
  long outputBytes() {
    return out.bytes();
  }

  /** Returns the CRC-32C of all bytes written to standard output. */
  long outputChecksum() {
    return out.checksum();
  }

  /**
   * Syncs standard output, if it goes to a disk.
   *
   * @throws IOException if the disk has not accepted it
   */
  void force() throws IOException {
    if (outer.out() instanceof StandardOutput standard) {
      standard.force();
    }
  }

  /** Shows a line of the run itself, muted or not. */
  void note(String message) {
    line.clear();
    outer.note(message);
  }
}
