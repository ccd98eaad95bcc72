package org.kmodwatch.agent.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/** Reads the ids of attempts that ended an agent, from a file of the state folder, one a line. */
public final class AttemptIds {

  /** The largest number of ids kept. Older ids are dropped. There are few. */
  private static final int MAX_KEPT = 256;

  private static final int MAX_BYTES = 64 << 10;

  private AttemptIds() {}

  /**
   * Reads the ids of a file, and removes everything else from it. Ignores an unfinished last line,
   * which the agent was writing when it ended.
   */
  static SequencedSet<String> takeOver(FileChannel file) throws IOException {
    var bytes = ByteBuffer.allocate((int) Math.min(file.size(), MAX_BYTES));
    while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
      // Repeats until all bytes are read.
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
