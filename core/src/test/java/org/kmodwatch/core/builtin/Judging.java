package org.kmodwatch.core.builtin;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.Verdict;
import org.kmodwatch.core.testing.EventBuilder;
import org.kmodwatch.core.testing.LoadRecordBuilder;

/** Runs a signature and returns its findings. */
@NullMarked
final class Judging {

  /** Stands for a finding without Data. */
  static final Value FINDING = Value.NULL;

  private Judging() {}

  /** Returns the Data of each finding on {@code load}; {@link #FINDING} if it has none. */
  static List<Value> judge(LoadSignature signature, LoadRecordBuilder load) {
    return judge(signature, load, EventBuilder.named(LoadRecord.EVENT_NAME, List.of()));
  }

  static List<Value> judge(LoadSignature signature, LoadRecordBuilder load, Event event) {
    return judge(signature, LoadRecords.toEvent(load.build(), event));
  }

  static List<Value> judge(Signature signature, Event event) {
    var said = new Said();
    signature.onEvent(event, said);
    return said.findings;
  }

  static Value data(Map<String, Value> fields) {
    return new Value.Obj(fields);
  }

  /** Returns the event of a record, in a container. */
  static Event inContainer(ContainerContext container, boolean started) {
    return EventBuilder.event(LoadRecord.EVENT_NAME)
        .inContainer(container, KubernetesContext.NONE, started)
        .build();
  }

  private static final class Said implements Verdict {
    private final List<Value> findings = new ArrayList<>();

    @Override
    public void raise(@Nullable Value data) {
      findings.add(data == null ? FINDING : data);
    }

    @Override
    public void malformed(String reason) {
      throw new AssertionError(reason);
    }
  }
}
