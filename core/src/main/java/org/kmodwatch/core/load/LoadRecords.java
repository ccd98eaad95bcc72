package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;

/**
 * Converts a load record to an object and to an event, and back (docs/reference/load-record.md).
 */
public final class LoadRecords {

  /** The name of the argument that holds the record in its event. */
  public static final String ARGUMENT = "load";

  private LoadRecords() {}

  /**
   * Returns the word for a constant in records and reports: in lower case, with spaces between
   * words.
   */
  public static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** Returns the record as an object, its keys in the order of the schema. */
  public static Value.Obj toValue(LoadRecord record) {
    return FieldWriter.valueOf(record, LoadSchema::visit);
  }

  /**
   * Returns the record in {@code value}, which {@link #toValue} made. Unknown keys are ignored.
   * Unknown words become {@code UNKNOWN}, with a gap.
   *
   * @throws LoadRecordException if {@code value} is not a record of this schema
   */
  public static LoadRecord fromValue(Value.Obj value) {
    var gaps = new ArrayList<LoadRecord.Gap>();
    var in = new FieldReader("", value.fields(), gaps);
    LoadSchema.schema(in);
    gaps.addAll(LoadSchema.gaps(in, List.of()));
    LoadRecord read = LoadSchema.read(in);
    return gaps.size() == read.gaps().size() ? read : read.toBuilder().gaps(gaps).build();
  }

  /**
   * Returns the record as an event that signatures can select. Its envelope is that of {@code
   * basis}.
   */
  public static Event toEvent(LoadRecord record, Event basis) {
    return Event.builder(LoadRecord.EVENT_NAME, basis.timestampNanos())
        .process(basis.process())
        .hostName(basis.hostName())
        .container(basis.container())
        .kubernetes(basis.kubernetes())
        .eventId(basis.eventId())
        .returnValue(record.returnValue())
        .syscall(basis.syscall())
        .containerStarted(basis.containerStarted())
        .compat(basis.compat())
        .args(
            List.of(
                new Argument(
                    ARGUMENT, LoadRecord.SCHEMA, new Value.Obj(new LoadRecordFields(record)))))
        .build();
  }

  /**
   * Returns the record in {@code event}; empty if it is another event, or the record is damaged.
   */
  public static Optional<LoadRecord> of(Event event) {
    if (!event.eventName().equals(LoadRecord.EVENT_NAME)) {
      return Optional.empty();
    }
    try {
      return event.argument(ARGUMENT).orElse(Value.NULL) instanceof Value.Obj value
          ? Optional.of(
              value.fields() instanceof LoadRecordFields known ? known.record() : fromValue(value))
          : Optional.empty();
    } catch (LoadRecordException damaged) {
      return Optional.empty();
    }
  }
}
