package org.kmodwatch.agent.format;

import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;

/** Builds a JSON object. Leaves out unknown values and objects without keys. */
final class ObjectBuilder {

  private final LinkedHashMap<String, Value> fields = new LinkedHashMap<>();

  ObjectBuilder put(String key, @Nullable String text) {
    if (text != null) {
      fields.put(key, Value.of(text));
    }
    return this;
  }

  ObjectBuilder put(String key, @Nullable Long number) {
    if (number != null) {
      fields.put(key, Value.of(number.longValue()));
    }
    return this;
  }

  ObjectBuilder put(String key, long number) {
    fields.put(key, Value.of(number));
    return this;
  }

  /** Puts the id of a process or a thread. Leaves out 0, which means unknown. */
  ObjectBuilder putId(String key, int id) {
    return id == 0 ? this : put(key, (long) id);
  }

  /** Puts a name. Leaves out an empty name, which means unknown. */
  ObjectBuilder putName(String key, String name) {
    return name.isEmpty() ? this : put(key, name);
  }

  /** Puts the id of a user as text. */
  ObjectBuilder putUser(String key, LoadRecord.ProcessDetails process) {
    Long uid = process.knownUid();
    return uid == null ? this : put(key, uid.toString());
  }

  ObjectBuilder put(String key, @Nullable Boolean truth) {
    if (truth != null) {
      fields.put(key, Value.of(truth.booleanValue()));
    }
    return this;
  }

  ObjectBuilder put(String key, ObjectBuilder object) {
    if (!object.fields.isEmpty()) {
      fields.put(key, object.toValue());
    }
    return this;
  }

  ObjectBuilder put(String key, List<String> texts) {
    if (!texts.isEmpty()) {
      fields.put(key, Value.ofStrings(texts));
    }
    return this;
  }

  ObjectBuilder putAll(String key, List<ObjectBuilder> objects) {
    if (!objects.isEmpty()) {
      fields.put(
          key, new Value.Array(objects.stream().<Value>map(ObjectBuilder::toValue).toList()));
    }
    return this;
  }

  ObjectBuilder put(String key, Value value) {
    fields.put(key, value);
    return this;
  }

  Value.Obj toValue() {
    return new Value.Obj(fields);
  }
}
