package org.kmodwatch.core.load;

import java.util.Map;
import org.kmodwatch.core.event.LazyFields;
import org.kmodwatch.core.event.Value;

/**
 * The JSON fields of a load record, which also keep the record itself. Signatures use the record.
 * The fields are made only if code writes them.
 */
final class LoadRecordFields extends LazyFields {

  private final LoadRecord record;

  LoadRecordFields(LoadRecord record) {
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
