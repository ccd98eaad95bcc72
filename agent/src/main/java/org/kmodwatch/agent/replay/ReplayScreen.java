package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.kmodwatch.agent.shell.MeteredOutput;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.StandardOutput;
import org.kmodwatch.agent.shell.StatusLine;

/**
 * What a replay writes to: the shell's streams, with a line on the terminal that gives way to them,
 * and muted as long as what is written was written by an earlier run. Not thread-safe.
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
    // Standard output is another terminal, or none, more often than not; to clear then is no harm.
    this.out = new MeteredOutput(shell.outIsTerminal() ? line.before(shell.out()) : shell.out());
    this.err = new MeteredOutput(line.before(shell.err()));
    this.inner = shell.writingTo(out, new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  /** For whoever takes part in the replay. */
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

  /** How many bytes were written to standard output, muted or not. */
  long outputBytes() {
    return out.bytes();
  }

  /** CRC-32C of all of them. */
  long outputChecksum() {
    return out.checksum();
  }

  /**
   * What was written to standard output is on the disk, if it goes to one.
   *
   * @throws IOException if the disk has not taken it
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
