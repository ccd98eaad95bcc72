package org.kmodwatch.core.load;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.testing.FullRecord;
import org.kmodwatch.core.write.LoadWriter;

@NullMarked
final class LoadRecordsTest {

  /** A record with values that are hard to write. */
  private static final LoadRecord FULL =
      LoadSchema.visit(
          new FieldVisitor() {
            @Override
            public @Nullable String text(String key, String description, @Nullable String value) {
              return key.equals("comm") ? "a\udcffb" : value;
            }

            @Override
            public @Nullable Long unsigned(String key, String description, @Nullable Long value) {
              return -1L;
            }
          },
          FullRecord.full());

  @Test
  void record_comesBackFromItsValue() {
    assertThat(LoadRecords.fromValue(LoadRecords.toValue(FULL))).isEqualTo(FULL);
  }

  @Test
  void record_comesBackFromItsEvent() {
    Event basis = Call.finit(10, 0).loaded().events.getLast();
    Event event = LoadRecords.toEvent(FULL, basis);

    assertThat(event.eventName()).isEqualTo("kernel_module");
    assertThat(event.process()).isEqualTo(basis.process());
    assertThat(LoadRecords.of(event)).contains(FULL);
    assertThat(LoadRecords.of(basis)).isEmpty();
  }

  @Test
  void keys_areInTheOrderOfTheSchema() {
    assertThat(LoadRecords.toValue(FULL).fields().keySet())
        .containsExactlyElementsOf(
            LoadSchema.type().fields().stream().map(LoadSchema.Field::key).toList());
  }

  @Test
  void line_isOneLineOfJsonInUtf8() {
    String line = new String(new LoadWriter().toBytes(FULL), StandardCharsets.UTF_8);

    assertThat(line)
        .startsWith("{\"schema\":\"kmodwatch.load/1\",\"id\":\"18d7-a\",\"time\":\"2026-09-21T")
        .contains(".123456789Z\"")
        .contains("\"comm\":\"a\\udcffb\"")
        .contains("\"inode\":18446744073709551615")
        .containsOnlyOnce("\n")
        .endsWith("}\n");
  }

  @Test
  void recordWithoutAnOutcome_isOneWhoseOutcomeIsNotKnown() {
    var fields = new LinkedHashMap<>(LoadRecords.toValue(FULL).fields());
    fields.remove("outcome");

    LoadRecord record = LoadRecords.fromValue(new Value.Obj(fields));

    assertThat(record.outcome()).isEqualTo(LoadRecord.Outcome.UNKNOWN);
    assertThat(LoadRecords.toValue(record).fields()).doesNotContainKey("outcome");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "action",
        "outcome",
        "image.source",
        "image.signature.status",
        "file.place",
        "policy.verdict"
      })
  void wordOfALaterVersion_isUnknownWithAGap_andTheRestIsRead(String field) {
    LoadRecord read = LoadRecords.fromValue(with(LoadRecords.toValue(FULL), field, "of tomorrow"));

    LoadRecord.Gap gap =
        new LoadRecord.Gap(field, "this version does not know the word of tomorrow");
    assertThat(read.gaps()).containsExactly(FULL.gaps().getFirst(), gap);
    assertThat(at(LoadRecords.toValue(read), field)).isNull();
    assertThat(with(without(LoadRecords.toValue(read), "gaps"), field, "x"))
        .isEqualTo(with(without(LoadRecords.toValue(FULL), "gaps"), field, "x"));
    // The record survives a write and a second read.
    assertThat(LoadRecords.fromValue(LoadRecords.toValue(read))).isEqualTo(read);
  }

  @Test
  void wordUnknown_isNoWordOfTheSchema() {
    LoadRecord read = LoadRecords.fromValue(with(LoadRecords.toValue(FULL), "action", "unknown"));

    assertThat(read.action()).isEqualTo(LoadRecord.Action.UNKNOWN);
    assertThat(read.hasGap("action")).isTrue();
  }

  private static Value.Obj with(Value.Obj object, String field, String word) {
    int dot = field.indexOf('.');
    // A sorted map gives the same order whether or not the key was there.
    var fields = new TreeMap<>(object.fields());
    if (dot < 0) {
      fields.put(field, Value.of(word));
    } else {
      String first = field.substring(0, dot);
      fields.put(first, with(inside(object, first), field.substring(dot + 1), word));
    }
    return new Value.Obj(fields);
  }

  private static Value.Obj without(Value.Obj object, String key) {
    var fields = new LinkedHashMap<>(object.fields());
    fields.remove(key);
    return new Value.Obj(fields);
  }

  private static @Nullable Value at(Value.Obj object, String field) {
    int dot = field.indexOf('.');
    return dot < 0
        ? object.fields().get(field)
        : at(inside(object, field.substring(0, dot)), field.substring(dot + 1));
  }

  private static Value.Obj inside(Value.Obj object, String key) {
    return (Value.Obj) requireNonNull(object.fields().get(key));
  }

  @Test
  void damagedRecord_isRefusedWithItsPlace() {
    var fields = new LinkedHashMap<>(LoadRecords.toValue(FULL).fields());
    fields.put("outcome", Value.of(true));
    assertThatThrownBy(() -> LoadRecords.fromValue(new Value.Obj(fields)))
        .isInstanceOf(LoadRecordException.class)
        .hasMessageContaining("outcome");
    fields.remove("outcome");
    fields.remove("action");
    assertThatThrownBy(() -> LoadRecords.fromValue(new Value.Obj(fields)))
        .isInstanceOf(LoadRecordException.class)
        .hasMessage("action is missing");
    assertThatThrownBy(() -> LoadRecords.fromValue(new Value.Obj(Map.of())))
        .isInstanceOf(LoadRecordException.class)
        .hasMessageContaining("schema");
  }
}
