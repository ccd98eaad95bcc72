package org.kmodwatch.core.load;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/** Collects the fields of an object, and leaves out what is not known. */
final class FieldWriter {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final long NANOS = 1_000_000_000L;

  private final Map<String, Value> fields = new LinkedHashMap<>();

  FieldWriter text(String key, @Nullable String value) {
    if (value != null) {
      fields.put(key, Value.of(value));
    }
    return this;
  }

  FieldWriter texts(String key, List<String> values) {
    if (!values.isEmpty()) {
      fields.put(key, Value.ofStrings(values));
    }
    return this;
  }

  FieldWriter number(String key, @Nullable Long value) {
    if (value != null) {
      fields.put(key, Value.of(value.longValue()));
    }
    return this;
  }

  FieldWriter flag(String key, boolean value) {
    if (value) {
      fields.put(key, Value.of(true));
    }
    return this;
  }

  FieldWriter truth(String key, @Nullable Boolean value) {
    if (value != null) {
      fields.put(key, Value.of(value.booleanValue()));
    }
    return this;
  }

  void word(String key, Enum<?> value) {
    fields.put(key, Value.of(LoadRecords.word(value)));
  }

  void time(String key, long nanos) {
    Instant time = Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
    fields.put(key, Value.of(TIME.format(time)));
  }

  void value(String key, Value value) {
    fields.put(key, value);
  }

  void object(String key, FieldWriter inner) {
    if (!inner.fields.isEmpty()) {
      fields.put(key, inner.toValue());
    }
  }

  void list(String key, List<Value> values) {
    if (!values.isEmpty()) {
      fields.put(key, new Value.Array(values));
    }
  }

  Value.Obj toValue() {
    return new Value.Obj(fields);
  }
}
