package org.kmodwatch.agent.output;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.read.ValueReader;
import org.kmodwatch.core.text.Beginnings;
import org.kmodwatch.core.write.ValueWriter;

/**
 * Shortens lines to a length that journald keeps whole. It splits a line longer than 48 KiB
 * (LineMax in journald.conf(5)). The rest would appear in the journal as a separate entry of ours,
 * with a text that the loader of a module chose. So longer lines are shortened. JSON stays JSON and
 * names the fields that were cut; other lines lose their end.
 */
public final class JournalLines {

  /** The largest length of a line, in bytes: below LineMax, with room for the added marks. */
  static final int MAX_BYTES = 40 << 10;

  private static final String CUT = "cut: no line of the journal holds it";
  private static final String LOAD_SCHEMA = "kmodwatch.load/";
  private static final String CUT_KEY = "kmodwatchCut";

  /** The deepest nesting that is kept once something is cut. */
  private static final int MAX_DEPTH = 12;

  private static final int MAX_NAMED = 32;

  /** The limits of each try. Each try cuts more, until the line is short enough. */
  private static final List<Bounds> BOUNDS =
      List.of(
          new Bounds(4_096, 512),
          new Bounds(1_024, 256),
          new Bounds(256, 64),
          // A digest stays whole.
          new Bounds(128, 24));

  private JournalLines() {}

  /**
   * The limits of one try.
   *
   * @param chars the kept characters of a text
   * @param elements the kept elements of a list or an object
   */
  private record Bounds(int chars, int elements) {}

  /** Returns {@code lines} with each line shortened to the length that journald accepts. */
  public static byte[] bounded(byte[] lines) {
    if (lines.length <= MAX_BYTES) {
      return lines;
    }
    var all = new ByteArrayOutputStream(lines.length);
    int start = 0;
    while (start < lines.length) {
      int end = start;
      while (end < lines.length && lines[end] != '\n') {
        end++;
      }
      if (end - start <= MAX_BYTES) {
        all.write(lines, start, end - start);
      } else {
        all.writeBytes(shortened(Arrays.copyOfRange(lines, start, end)));
      }
      if (end < lines.length) {
        all.write('\n');
      }
      start = end + 1;
    }
    return all.toByteArray();
  }

  private static byte[] shortened(byte[] line) {
    if (line[0] == '{') {
      try {
        return shortened(ValueReader.read(line));
      } catch (IllegalArgumentException tooDeep) {
        // From a hostile recording; half of the line would not be JSON.
        return ("{\"" + CUT_KEY + "\":[\"record\"]}").getBytes(StandardCharsets.UTF_8);
      }
    }
    return withoutEnd(line);
  }

  private static byte[] shortened(Value.Obj object) {
    for (Bounds bounds : BOUNDS) {
      byte[] text = new Shortening(bounds).write(object);
      if (text.length <= MAX_BYTES) {
        return text;
      }
    }
    // From a hostile recording: an ordinary line is far shorter by now.
    var top = new LinkedHashMap<String, Value>();
    object
        .fields()
        .forEach(
            (key, value) -> {
              boolean plain = !(value instanceof Value.Array || value instanceof Value.Obj);
              if (plain && top.size() < MAX_NAMED) {
                top.put(key, value);
              }
            });
    return new Shortening(new Bounds(128, MAX_NAMED)).andAllElse().write(new Value.Obj(top));
  }

  private static byte[] withoutEnd(byte[] line) {
    String left = " … (cut: %d bytes in all)".formatted(line.length);
    int end = MAX_BYTES - left.getBytes(StandardCharsets.UTF_8).length;
    // Does not cut in the middle of a character or an escape.
    while (end > 0 && ((line[end] & 0xc0) == 0x80 || line[end - 1] == '\\')) {
      end--;
    }
    var all = new ByteArrayOutputStream(MAX_BYTES);
    all.write(line, 0, end);
    all.writeBytes(left.getBytes(StandardCharsets.UTF_8));
    return all.toByteArray();
  }

  /** One try to shorten a line. */
  private static final class Shortening {
    private final Bounds bounds;

    /** The paths of the fields that were cut. */
    private final Set<String> cut = new LinkedHashSet<>();

    Shortening(Bounds bounds) {
      this.bounds = bounds;
    }

    Shortening andAllElse() {
      cut.add("record");
      return this;
    }

    byte[] write(Value.Obj object) {
      Map<String, Value> fields = new LinkedHashMap<>(fields(object, "", 0));
      if (!cut.isEmpty()) {
        mark(fields);
      }
      byte[] line = new ValueWriter().toBytes(new Value.Obj(fields));
      return Arrays.copyOf(line, line.length - 1);
    }

    private void mark(Map<String, Value> fields) {
      List<String> named =
          cut.size() <= MAX_NAMED ? List.copyOf(cut) : new ArrayList<>(List.of("record"));
      if (fields.get("schema") instanceof Value.Str(String schema)
          && schema.startsWith(LOAD_SCHEMA)) {
        var gaps = new ArrayList<Value>();
        if (fields.get("gaps") instanceof Value.Array(var before)) {
          gaps.addAll(before);
        }
        for (String field : named) {
          var gap = new LinkedHashMap<String, Value>();
          gap.put("field", Value.of(field));
          gap.put("why", Value.of(CUT));
          gaps.add(new Value.Obj(gap));
        }
        fields.put("gaps", new Value.Array(gaps));
      } else {
        fields.put(CUT_KEY, Value.ofStrings(named));
      }
    }

    private Map<String, Value> fields(Value.Obj object, String path, int depth) {
      var kept = new LinkedHashMap<String, Value>();
      for (Map.Entry<String, Value> field : object.fields().entrySet()) {
        if (kept.size() == bounds.elements) {
          cut(path);
          break;
        }
        String key = text(field.getKey(), path);
        String inside = path.isEmpty() ? key : path + "." + key;
        kept.put(key, value(field.getValue(), inside, depth + 1));
      }
      return kept;
    }

    /** Shortens a value. Elements of a list have the path of the list: {@code loader.args}. */
    private Value value(Value value, String path, int depth) {
      if (depth > MAX_DEPTH) {
        cut(path);
        return Value.NULL;
      }
      return switch (value) {
        case Value.Null _, Value.Bool _ -> value;
        case Value.Num(String text) ->
            text.length() > bounds.chars ? Value.of(text(text, path)) : value;
        case Value.Str(String text) -> Value.of(text(text, path));
        case Value.Array(var elements) -> {
          if (elements.size() > bounds.elements) {
            cut(path);
          }
          yield new Value.Array(
              elements.stream()
                  .limit(bounds.elements)
                  .map(element -> value(element, path, depth + 1))
                  .toList());
        }
        case Value.Obj nested -> new Value.Obj(fields(nested, path, depth));
      };
    }

    private String text(String text, String path) {
      if (text.length() <= bounds.chars) {
        return text;
      }
      cut(path);
      return Beginnings.of(text, bounds.chars - 1) + "…";
    }

    private void cut(String path) {
      cut.add(path.isEmpty() ? "record" : path);
    }
  }
}
