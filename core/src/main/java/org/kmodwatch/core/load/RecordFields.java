package org.kmodwatch.core.load;

import java.util.Map;
import org.kmodwatch.core.event.LazyFields;
import org.kmodwatch.core.event.Value;

/**
 * The fields of a load record in JSON that know the record itself: signatures ask for that, and the
 * fields are made only if something writes them.
 */
final class RecordFields extends LazyFields {

  private final LoadRecord record;

  RecordFields(LoadRecord record) {
    this.record = record;
  }

  LoadRecord record() {
    return record;
  }

  @Override
  protected Map<String, Value> make() {
    return LoadRecords.toValue(record).fields();
  }
}
