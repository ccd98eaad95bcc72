package org.kmodwatch.agent.format;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import java.util.Set;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.NoticeIds;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.WholeLines;

/** Writes notices in one format to a stream, one a line. */
public final class FormatOutput implements Output {

  private final Format format;
  private final Set<Notice.Kind> kinds;
  private final NoticeIds ids = new NoticeIds();
  private final OutputStream out;

  /**
   * Creates an output.
   *
   * @param kinds the kinds of notices to write
   * @param out the stream, which stays open
   */
  public FormatOutput(Format format, Set<Notice.Kind> kinds, OutputStream out) {
    this.format = format;
    this.kinds = Set.copyOf(kinds);
    this.out = new WholeLines(out);
  }

  @Override
  public void accept(Notice notice) throws IOException {
    if (notice instanceof Notice.Report report && kinds.contains(report.kind())) {
      write(report);
    }
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  private void write(Notice.Report report) throws IOException {
    Optional<byte[]> line = format.write(report, ids.of(report));
    if (line.isPresent()) {
      byte[] bytes = line.get();
      var whole = new byte[bytes.length + 1];
      System.arraycopy(bytes, 0, whole, 0, bytes.length);
      whole[bytes.length] = '\n';
      out.write(whole, 0, whole.length);
    }
  }
}
