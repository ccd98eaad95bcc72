package org.kmodwatch.agent.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/** The ids of attempts that took an agent's life, in a file of the state folder, a line each. */
public final class AttemptIds {

  /** There are few; past that the oldest are forgotten. */
  private static final int MAX_KEPT = 256;

  private static final int MAX_BYTES = 64 << 10;

  private AttemptIds() {}

  /**
   * Reads those of a file, which then has them and nothing else. A line without its end was being
   * written as the agent ended, and does not count.
   */
  static SequencedSet<String> takeOver(FileChannel file) throws IOException {
    var bytes = ByteBuffer.allocate((int) Math.min(file.size(), MAX_BYTES));
    while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
      // Until all is there.
    }
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    List<String> ids =
        text.substring(0, text.lastIndexOf('\n') + 1)
            .lines()
            .filter(line -> ReportJournal.ID.matcher(line).matches())
            .distinct()
            .toList();
    var kept = new LinkedHashSet<>(ids.subList(Math.max(0, ids.size() - MAX_KEPT), ids.size()));
    String whole = kept.isEmpty() ? "" : String.join("\n", kept) + "\n";
    if (!whole.equals(text) || file.size() > MAX_BYTES) {
      file.truncate(0);
      StateFiles.write(file, 0, whole);
    }
    return kept;
  }
}
