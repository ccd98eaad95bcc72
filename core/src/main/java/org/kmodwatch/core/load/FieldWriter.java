package org.kmodwatch.core.load;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/** Collects the fields of an object, and leaves out what is not known. */
final class FieldWriter {
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final long NANOS = 1_000_000_000L;

  /** Most times are of the second of the one before, and formatting takes long. */
  private static volatile Second lastSecond = new Second(0, "1970-01-01T00:00:00.");

  private record Second(long epochSecond, String text) {}

  private final LinkedHashMap<String, Value> fields = new LinkedHashMap<>();

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

  /** Leaves it out if it is {@code unknown}. */
  <E extends Enum<E>> void word(String key, E value, E unknown) {
    if (value != unknown) {
      fields.put(key, Value.of(LoadRecords.word(value)));
    }
  }

  void time(String key, long nanos) {
    long second = Math.floorDiv(nanos, NANOS);
    Second known = lastSecond;
    if (known.epochSecond != second) {
      known = new Second(second, SECOND.format(Instant.ofEpochSecond(second)));
      lastSecond = known;
    }
    String fraction = Long.toString(NANOS + Math.floorMod(nanos, NANOS));
    fields.put(key, Value.of(known.text + fraction.substring(1) + "Z"));
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

  /** All of them; this writer is not to be used after that. */
  Value.Obj toValue() {
    return Value.taking(fields);
  }
}
