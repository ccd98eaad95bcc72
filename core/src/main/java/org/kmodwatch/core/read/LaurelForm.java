package org.kmodwatch.core.read;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.audit.AuditEvent;
import org.kmodwatch.core.audit.AuditException;
import org.kmodwatch.core.audit.AuditFields;
import org.kmodwatch.core.audit.AuditId;
import org.kmodwatch.core.audit.AuditRecord;
import org.kmodwatch.core.audit.AuditRecords;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.text.Utf8;

/**
 * Reads the JSON of laurel: an audit event in one object, with {@code ID} and a key for each type
 * of record (laurel-about(7)). SYSCALL, CWD and PROCTITLE are objects, other records are lists of
 * objects. Numbers that the log has in hexadecimal are strings that begin with {@code 0x}. In
 * strings, bytes that are not printable or not UTF-8 are percent-encoded, and so are {@code %} and
 * {@code +}.
 */
final class LaurelForm {

  /** The key that holds the system call's record. */
  static final String CALL = "SYSCALL";

  private static final String MODULE = "KERN_MODULE";
  private static final Pattern ID = Pattern.compile("\\d{1,10}\\.\\d{1,3}:\\d{1,19}");

  private static final String BEGINNING = "{\"ID\":\"";
  private static final String NUMBER = "\"syscall\":";

  private LaurelForm() {}

  /**
   * Returns whether a line is laurel's object for a call unrelated to modules. The number of its
   * call is not a module call on any architecture, and it has no module record. Such a line need
   * not be parsed.
   */
  static boolean isCertainlyOfNoUse(byte[] line, int start, int end) {
    for (int i = 0; i < BEGINNING.length(); i++) {
      if (start + i >= end || line[start + i] != BEGINNING.charAt(i)) {
        return false;
      }
    }
    String text = new String(line, start, end - start, ISO_8859_1);
    int number = text.indexOf(NUMBER);
    if (number < 0
        || text.indexOf(NUMBER, number + 1) >= 0
        || text.contains(MODULE)
        || text.contains("_module\"")
        || text.contains("\\u")) {
      return false;
    }
    int from = number + NUMBER.length();
    int to = from;
    while (to < text.length() && text.charAt(to) >= '0' && text.charAt(to) <= '9') {
      to++;
    }
    return to > from
        && (text.charAt(to) == ',' || text.charAt(to) == '}')
        && !AuditRecords.mayBeOfModules(text.substring(from, to));
  }

  /** Returns whether a line's object is laurel's. */
  static boolean isLaurel(Map<String, Value> fields) {
    return fields.get("ID") instanceof Value.Str(String id) && ID.matcher(id).matches();
  }

  /**
   * Returns the object's events; an empty list if it is unrelated to modules.
   *
   * @throws BadLineException if the object is about modules, but has an invalid field
   */
  static List<Event> read(Map<String, Value> line) {
    var fields = new ObjectFields("", line);
    ObjectFields call = fields.object(CALL);
    Map<String, Value> module = firstOf(fields, MODULE);
    if (call.left().isEmpty()) {
      if (module == null) {
        return List.of();
      }
      throw new BadLineException(
          "KERN_MODULE without SYSCALL: what was done with the module is not known");
    }
    try {
      AuditFields of = fieldsOf(call.left());
      String arch = word(call, "arch");
      if (AuditRecords.isOfNoUse(
          arch == null ? word(call, "ARCH") : arch, word(call, "syscall"), word(call, CALL))) {
        return List.of();
      }
      AuditId id = AuditId.parse(fields.stringOrEmpty("NODE"), fields.stringOrEmpty("ID"));
      AuditRecord.Call record = AuditRecords.call(id, of);
      if (record.name() == null && module == null) {
        return List.of();
      }
      ObjectFields parent = call.object("PPID");
      if (parent.left().isEmpty()) {
        parent = fields.object("PPID");
      }
      ObjectFields directory = fields.object("CWD");
      return new AuditEvent(
              record,
              module != null,
              module == null ? null : AuditRecords.module(id, fieldsOf(module)).name(),
              directory.left().isEmpty()
                  ? null
                  : AuditRecords.workingDirectory(id, fieldsOf(directory.left())).path(),
              title(id, fields),
              decoded(parent.string("comm")),
              decoded(parent.string("exe")),
              container(fields))
          .toEvents();
    } catch (AuditException e) {
      throw new BadLineException(e.reason());
    }
  }

  private static AuditRecord.@Nullable Title title(AuditId id, ObjectFields fields) {
    List<String> arguments = fields.object("PROCTITLE").strings("ARGV");
    return arguments == null
        ? null
        : AuditRecords.title(id, arguments.stream().map(LaurelForm::decode).toList());
  }

  private static ContainerContext container(ObjectFields fields) {
    ObjectFields info = fields.object("CONTAINER_INFO");
    String id = info.string("ID");
    if (id == null) {
      id = info.string("id");
    }
    return id == null || id.isEmpty()
        ? ContainerContext.NONE
        : new ContainerContext(id, null, null, null, null);
  }

  /**
   * Returns the object under {@code key}, or the first object of a list; null if the key is absent.
   */
  private static @Nullable Map<String, Value> firstOf(ObjectFields fields, String key) {
    return switch (fields.take(key)) {
      case null -> null;
      case Value.Obj(var object) -> object;
      case Value.Array(var list) when list.isEmpty() -> null;
      case Value.Array(var list) when list.getFirst() instanceof Value.Obj(var object) -> object;
      case Value other -> throw fields.wrong(key, "a list of objects", other);
    };
  }

  private static @Nullable String word(ObjectFields fields, String key) {
    return switch (fields.left().get(key)) {
      case Value.Str(String text) -> text;
      case Value.Num(String text) -> text;
      case null, default -> null;
    };
  }

  private static AuditFields fieldsOf(Map<String, Value> record) {
    AuditFields fields = AuditFields.empty();
    record.forEach(
        (key, value) -> {
          switch (value) {
            case Value.Str(String text) -> fields.put(key, decode(text), true);
            case Value.Num(String text) -> fields.put(key, text, false);
            case Value.Array(var list) -> arguments(fields, key, list);
            case Value.Null n -> {}
            case Value.Bool b -> {}
            case Value.Obj o -> {}
          }
        });
    return fields;
  }

  /** Reads the call's four arguments from a list, the form before laurel 0.5. */
  private static void arguments(AuditFields fields, String key, List<Value> list) {
    for (int i = 0; key.equals("ARGV") && i < list.size(); i++) {
      if (list.get(i) instanceof Value.Str(String text)) {
        fields.put("a" + i, text, true);
      }
    }
  }

  private static @Nullable String decoded(@Nullable String text) {
    return text == null || text.isEmpty() ? null : decode(text);
  }

  private static String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); ) {
      int value = text.charAt(i) == '%' && i + 2 < text.length() ? escape(text, i) : -1;
      if (value >= 0) {
        bytes.write(value);
        i += 3;
        continue;
      }
      int codePoint = text.codePointAt(i);
      bytes.writeBytes(Character.toString(codePoint).getBytes(UTF_8));
      i += Character.charCount(codePoint);
    }
    return Utf8.decode(bytes.toByteArray(), 0, bytes.size()).toString();
  }

  private static int escape(String text, int at) {
    int high = Character.digit(text.charAt(at + 1), 16);
    int low = Character.digit(text.charAt(at + 2), 16);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }
}
