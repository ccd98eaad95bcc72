package org.kmodwatch.core.audit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.text.Utf8;

/**
 * Reads lines of an audit log: {@code type=TYPE msg=audit(SECONDS.MILLIS:SERIAL): FIELDS}. Before
 * that may stand {@code node=NAME}. After it may follow the byte 0x1d and auditd's translations
 * ({@code log_format = ENRICHED}). The parser reads the types SYSCALL, KERN_MODULE, CWD, PROCTITLE
 * and EOE and skips all others.
 *
 * <p>Most of a log is about calls unrelated to modules. The parser skips a SYSCALL record of such a
 * call. It also skips the records of the same event that follow directly, except a KERN_MODULE. Not
 * thread-safe.
 */
public final class AuditParser {

  private static final String TYPE = "type=";
  private static final String NODE = "node=";
  private static final String MESSAGE = "msg=";
  private static final String AUDIT = "audit(";
  private static final String DASHES = "----";
  private static final String TIME = "time->";

  /**
   * Lists the record types that the parser reads, with their names and their numbers in the
   * kernel's own log.
   */
  private enum Type {
    SYSCALL("SYSCALL", "1300"),
    CWD("CWD", "1307"),
    EOE("EOE", "1320"),
    PROCTITLE("PROCTITLE", "1327"),
    KERN_MODULE("KERN_MODULE", "1330");

    private final String text;
    private final String number;

    Type(String text, String number) {
      this.text = text;
      this.number = number;
    }

    private static final Type[] ALL = values();
  }

  private byte[] line = new byte[0];
  private int at;
  private int end;

  /** The node of the last line, kept because most lines have the same node. */
  private String node = "";

  /**
   * The event that the last SYSCALL record began, if the parser skipped that record; null
   * otherwise.
   */
  private @Nullable AuditId leftOut;

  /** Creates a parser that has read no line. */
  public AuditParser() {}

  /** Returns whether a line begins like a line of an audit log. */
  public static boolean isAuditLine(byte[] line, int start, int length) {
    return startsWith(line, start, start + length, TYPE)
        || startsWith(line, start, start + length, NODE);
  }

  /**
   * Returns whether a line is a separator, {@code ----} or {@code time->…}. Without {@code --raw},
   * ausearch writes separators between events.
   */
  public static boolean isSeparator(byte[] line, int start, int length) {
    int end = start + length;
    return startsWith(line, start, end, TIME)
        || (startsWith(line, start, end, DASHES)
            && (length == DASHES.length() || line[end - 1] <= ' '));
  }

  /** Forgets the lines read so far. The next line may be from another input. */
  public void reset() {
    leftOut = null;
  }

  /**
   * Reads a line for which {@link #isAuditLine} returns true.
   *
   * @return the record; null if it has no information on module loads
   * @throws AuditException if the line is not valid
   */
  public @Nullable AuditRecord read(byte[] bytes, int start, int length) {
    line = bytes;
    at = start;
    end = start + length;
    while (end > start && (line[end - 1] == ' ' || line[end - 1] == '\r')) {
      end--;
    }
    if (startsWith(line, at, end, NODE)) {
      at += NODE.length();
      readNode();
    } else if (!node.isEmpty()) {
      node = "";
    }
    if (!startsWith(line, at, end, TYPE)) {
      throw new AuditException("an audit record without its type");
    }
    at += TYPE.length();
    int typeStart = at;
    int typeEnd = word();
    AuditId id = id();
    Type type = type(typeStart, typeEnd);
    if (type == null) {
      return null;
    }
    if (type != Type.SYSCALL && type != Type.KERN_MODULE && id.equals(leftOut)) {
      return null;
    }
    return switch (type) {
      case SYSCALL -> call(id);
      case KERN_MODULE -> AuditRecords.module(id, fields());
      case CWD -> AuditRecords.workingDirectory(id, fields());
      case PROCTITLE -> AuditRecords.title(id, fields());
      case EOE -> new AuditRecord.End(id);
    };
  }

  private void readNode() {
    int from = at;
    int to = word();
    if (node.length() != to - from || !stands(node, from)) {
      node = Utf8.decode(line, from, to - from).toString();
    }
  }

  private boolean stands(String text, int from) {
    for (int i = 0; i < text.length(); i++) {
      if ((line[from + i] & 0xFF) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Skips a word and the blanks after it.
   *
   * @return where the word ends
   */
  private int word() {
    while (at < end && line[at] != ' ') {
      at++;
    }
    int wordEnd = at;
    while (at < end && line[at] == ' ') {
      at++;
    }
    return wordEnd;
  }

  private AuditId id() {
    if (startsWith(line, at, end, MESSAGE)) {
      at += MESSAGE.length();
    }
    if (!startsWith(line, at, end, AUDIT)) {
      throw new AuditException("an audit record without its time and serial number");
    }
    at += AUDIT.length();
    int from = at;
    while (at < end && line[at] != ')') {
      at++;
    }
    AuditId id = AuditId.parse(node, new String(line, from, at - from, ISO_8859_1));
    while (at < end && (line[at] == ')' || line[at] == ':' || line[at] == ' ')) {
      at++;
    }
    return id;
  }

  private @Nullable Type type(int from, int to) {
    for (Type type : Type.ALL) {
      if (is(type.text, from, to) || is(type.number, from, to)) {
        return type;
      }
    }
    return null;
  }

  private boolean is(String word, int from, int to) {
    return to - from == word.length() && startsWith(line, from, to, word);
  }

  private AuditRecord.@Nullable Call call(AuditId id) {
    // Read only the fields that identify the call: most calls are unrelated to modules.
    String text = text();
    if (AuditRecords.isOfNoUse(
        first(text, "arch="), first(text, "syscall="), first(text, "SYSCALL="))) {
      leftOut = id;
      return null;
    }
    leftOut = null;
    return AuditRecords.call(id, AuditFields.parse(text, 0));
  }

  /**
   * Returns the value after {@code key} where {@code key} begins a word; null if the text has no
   * such word.
   */
  private static @Nullable String first(String text, String key) {
    for (int found = text.indexOf(key); found >= 0; found = text.indexOf(key, found + 1)) {
      if (found == 0 || text.charAt(found - 1) == ' ' || text.charAt(found - 1) == 0x1d) {
        int from = found + key.length();
        int to = from;
        while (to < text.length() && text.charAt(to) != ' ' && text.charAt(to) != 0x1d) {
          to++;
        }
        return text.substring(from, to);
      }
    }
    return null;
  }

  private AuditFields fields() {
    return AuditFields.parse(text(), 0);
  }

  /**
   * Returns the rest of the line. The kernel writes only ASCII, and the translations after it are
   * not read as text.
   */
  private String text() {
    return new String(line, at, end - at, ISO_8859_1);
  }

  private static boolean startsWith(byte[] line, int from, int to, String word) {
    if (to - from < word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (line[from + i] != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
