package org.kmodwatch.core.load;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/** Collects the fields of an object, and omits unknown values. */
final class FieldWriter implements FieldVisitor {
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final long NANOS = 1_000_000_000L;

  /**
   * A cache of the last second. Most times are in the same second as the time before, and
   * formatting is slow.
   */
  private static volatile Second lastSecond = new Second(0, "1970-01-01T00:00:00.");

  private record Second(long epochSecond, String text) {}

  private final LinkedHashMap<String, Value> fields = new LinkedHashMap<>();

  @Override
  public void constant(String key, String description, String value) {
    fields.put(key, Value.of(value));
  }

  @Override
  public @Nullable String text(String key, String description, @Nullable String value) {
    if (value != null) {
      fields.put(key, Value.of(value));
    }
    return value;
  }

  @Override
  public List<String> texts(String key, String description, List<String> values) {
    if (!values.isEmpty()) {
      fields.put(key, Value.ofStrings(values));
    }
    return values;
  }

  @Override
  public @Nullable Long number(String key, String description, @Nullable Long value) {
    if (value != null) {
      fields.put(key, Value.of(value.longValue()));
    }
    return value;
  }

  @Override
  public @Nullable Long unsigned(String key, String description, @Nullable Long value) {
    if (value != null) {
      fields.put(key, Value.ofUnsigned(value));
    }
    return value;
  }

  @Override
  public @Nullable Integer int32(String key, String description, @Nullable Integer value) {
    if (value != null) {
      fields.put(key, Value.of(value.longValue()));
    }
    return value;
  }

  @Override
  public Map<String, Long> numbers(String key, String description, Map<String, Long> values) {
    if (!values.isEmpty()) {
      var numbers = new LinkedHashMap<String, Value>();
      new TreeMap<>(values)
          .forEach((name, value) -> numbers.put(name, Value.of(value.longValue())));
      fields.put(key, Value.taking(numbers));
    }
    return values;
  }

  @Override
  public @Nullable Long time(String key, String description, @Nullable Long nanos) {
    if (nanos != null) {
      fields.put(key, Value.of(text(nanos)));
    }
    return nanos;
  }

  private static String text(long nanos) {
    long second = Math.floorDiv(nanos, NANOS);
    Second known = lastSecond;
    if (known.epochSecond != second) {
      known = new Second(second, SECOND.format(Instant.ofEpochSecond(second)));
      lastSecond = known;
    }
    String fraction = Long.toString(NANOS + Math.floorMod(nanos, NANOS));
    return known.text + fraction.substring(1) + "Z";
  }

  @Override
  public @Nullable Boolean truth(String key, String description, @Nullable Boolean value) {
    if (value != null) {
      fields.put(key, Value.of(value.booleanValue()));
    }
    return value;
  }

  @Override
  public boolean flag(String key, String description, boolean value) {
    if (value) {
      fields.put(key, Value.of(true));
    }
    return value;
  }

  @Override
  public <E extends Enum<E>> E word(String key, String description, E value, E unknown) {
    if (value != unknown) {
      fields.put(key, Value.of(LoadRecords.word(value)));
    }
    return value;
  }

  @Override
  public <R> R object(String key, String description, R value, Fields<R> inner) {
    Value.Obj object = valueOf(value, inner);
    if (!object.fields().isEmpty()) {
      fields.put(key, object);
    }
    return value;
  }

  @Override
  public <R> List<R> objects(
      String key, String description, List<R> values, R blank, Fields<R> inner) {
    if (!values.isEmpty()) {
      var objects = new ArrayList<Value>(values.size());
      for (R value : values) {
        objects.add(valueOf(value, inner));
      }
      fields.put(key, new Value.Array(objects));
    }
    return values;
  }

  /** Returns the JSON object for {@code value}. */
  static <R> Value.Obj valueOf(R value, Fields<R> fields) {
    var writer = new FieldWriter();
    R unused = fields.visit(writer, value);
    return Value.taking(writer.fields);
  }
}
