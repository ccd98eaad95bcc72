package org.kmodwatch.core.read;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.audit.AuditException;
import org.kmodwatch.core.audit.AuditParser;
import org.kmodwatch.core.audit.AuditRecord;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.scan.Block;
import org.kmodwatch.core.scan.NameSearch;
import org.kmodwatch.core.scan.Needle;
import org.kmodwatch.core.scan.Newlines;
import org.kmodwatch.core.scan.ReadOptions;

/**
 * Reads the events of blocks. The result for a block depends on that block alone. Several scanners
 * can therefore read blocks of one input at the same time. Not thread-safe.
 */
public final class BlockScanner {

  /** The size of the line buffer. A longer line's buffer is not kept. */
  private static final int ORDINARY_LINE_BYTES = 1 << 16;

  private final ReadOptions options;
  private final @Nullable NameSearch search;
  private final FlatLines ordinary = new FlatLines();
  private final AuditParser audit = new AuditParser();
  private byte[] line = new byte[ORDINARY_LINE_BYTES];
  private List<ScannedLine> found = List.of();
  private long lines;
  private long events;
  private long badLines;
  private long blankLines;
  private long otherLines;
  private long foundBytes;

  /** Creates a scanner with these options. */
  public BlockScanner(ReadOptions options) {
    this.options = options;
    this.search =
        options.everyLine() || !options.eventNames().stream().allMatch(Needle::canFind)
            ? null
            : new NameSearch(withLaurel(options.eventNames()));
  }

  /**
   * Adds the key of laurel's system call lines to the names. Such a line may lack the name of the
   * call.
   */
  private static Set<String> withLaurel(Set<String> names) {
    var all = new HashSet<>(names);
    all.add(LaurelForm.CALL);
    return all;
  }

  /** Reads {@code block} and keeps no reference to it. */
  public ScannedBlock scan(Block block) {
    found = new ArrayList<>();
    lines = 0;
    events = 0;
    badLines = 0;
    blankLines = 0;
    otherLines = 0;
    foundBytes = 0;
    audit.reset();
    if (line.length > ORDINARY_LINE_BYTES) {
      line = new byte[ORDINARY_LINE_BYTES];
    }
    if (block.isTooLong()) {
      lines++;
      tooLong();
    } else if (search == null) {
      scanAll(block);
    } else {
      search(block, search);
    }
    if (block.damage() != null) {
      takeTorn(block, block.damage());
    }
    return new ScannedBlock(
        new ReadStatistics(lines, events, badLines, blankLines, otherLines), found, foundBytes);
  }

  private void scanAll(Block block) {
    for (int start = 0; start < block.length(); ) {
      int end = Newlines.at(block.bytes(), start);
      lines++;
      take(block, start, end);
      start = end + 1;
    }
  }

  /** Reads the lines that may be wanted, and the lines that do not look like an object. */
  private void search(Block block, NameSearch search) {
    search.search(block);
    if (search.isRegular()) {
      takeFound(block, search);
      return;
    }
    int next = 0;
    for (int start = 0; start < block.length(); ) {
      int end = Newlines.at(block.bytes(), start);
      lines++;
      boolean isFound = next < search.found() && search.start(next) == start;
      if (isFound) {
        next++;
      }
      if (isFound || !looksLikeObject(block.bytes(), start, end)) {
        take(block, start, end);
      } else {
        otherLines++;
      }
      start = end + 1;
    }
  }

  private void takeFound(Block block, NameSearch search) {
    int counted = 0;
    for (int i = 0; i < search.found(); i++) {
      int start = search.start(i);
      int badBefore = found.size();
      take(block, start, Newlines.at(block.bytes(), start));
      // Only a bad line needs its line number.
      if (found.size() > badBefore && found.getLast() instanceof ScannedLine.Bad bad) {
        lines += Newlines.count(block.bytes(), counted, start) + 1;
        counted = Newlines.at(block.bytes(), start) + 1;
        found.set(badBefore, new ScannedLine.Bad(lines, bad.reason()));
      }
    }
    lines = search.lines();
    otherLines = lines - events - badLines - blankLines;
  }

  private void take(Block block, int start, int end) {
    int length = end - start;
    if (length > options.maxLineBytes()) {
      tooLong();
      return;
    }
    if (length > line.length) {
      line = new byte[Math.max(length, 2 * line.length)];
    }
    block.bytes().get(start, line, 0, length);
    int from = block.isFirst() && start == 0 ? byteOrderMark(line, length) : 0;
    if (isBlank(line, from, length)) {
      blankLines++;
      return;
    }
    if (AuditParser.isAuditLine(line, from, length - from)) {
      takeAudit(line, from, length);
      return;
    }
    if (search != null && LaurelForm.isCertainlyOfNoUse(line, from, length)) {
      otherLines++;
      return;
    }
    if (AuditParser.isSeparator(line, from, length - from)) {
      otherLines++;
      return;
    }
    try {
      Event event = ordinary.read(line, from, length - from);
      if (event != null) {
        takeEvent(event, length);
      } else {
        takeEvents(LineParser.parse(line, from, length - from), length);
      }
    } catch (BadLineException e) {
      bad(e.reason());
    }
  }

  private void takeAudit(byte[] bytes, int from, int end) {
    try {
      AuditRecord record = audit.read(bytes, from, end - from);
      if (record == null) {
        otherLines++;
      } else {
        events++;
        foundBytes += end - from;
        found.add(new ScannedLine.Audit(lines, record));
      }
    } catch (AuditException e) {
      bad(e.reason());
    }
  }

  private void takeEvent(Event event, int length) {
    if (options.wants(event.eventName())) {
      events++;
      foundBytes += length;
      found.add(new ScannedLine.Found(event));
    } else {
      otherLines++;
    }
  }

  private void takeEvents(List<Event> all, int length) {
    if (all.size() == 1) {
      takeEvent(all.getFirst(), length);
      return;
    }
    boolean any = false;
    for (Event event : all) {
      if (options.wants(event.eventName())) {
        any = true;
        foundBytes += length;
        found.add(new ScannedLine.Found(event));
      }
    }
    if (any) {
      events++;
    } else {
      otherLines++;
    }
  }

  /** Reads the line in which the input ends. It may be complete. */
  private void takeTorn(Block block, String damage) {
    byte[] torn = block.torn();
    try {
      if (torn.length > 0 && torn.length <= options.maxLineBytes()) {
        int from = block.isFirst() && block.length() == 0 ? byteOrderMark(torn, torn.length) : 0;
        if (AuditParser.isAuditLine(torn, from, torn.length - from)) {
          // A log's line does not show whether it is complete.
          throw new BadLineException("not whole");
        }
        List<Event> all = LineParser.parse(torn, from, torn.length - from);
        lines++;
        takeEvents(all, torn.length);
      }
    } catch (BadLineException notWhole) {
      // The report below says that the rest is missing.
    }
    lines++;
    bad("the input breaks off here: " + damage);
  }

  private void tooLong() {
    bad("longer than %d bytes".formatted(options.maxLineBytes()));
  }

  private void bad(String reason) {
    badLines++;
    found.add(new ScannedLine.Bad(lines, reason));
  }

  /** Returns whether a line begins and ends with a brace. White space at its end does not count. */
  private static boolean looksLikeObject(ByteBuffer bytes, int start, int end) {
    int last = end - 1;
    while (last > start && isSpace(bytes.get(last))) {
      last--;
    }
    return last > start && bytes.get(start) == '{' && bytes.get(last) == '}';
  }

  private static int byteOrderMark(byte[] bytes, int length) {
    return length >= 3
            && bytes[0] == (byte) 0xEF
            && bytes[1] == (byte) 0xBB
            && bytes[2] == (byte) 0xBF
        ? 3
        : 0;
  }

  private static boolean isBlank(byte[] bytes, int start, int length) {
    for (int i = start; i < length; i++) {
      if (!isSpace(bytes[i])) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || b == '\r';
  }
}
