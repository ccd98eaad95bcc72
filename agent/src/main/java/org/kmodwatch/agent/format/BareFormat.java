package org.kmodwatch.agent.format;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.write.FindingWriter;
import org.kmodwatch.core.write.LoadWriter;
import org.kmodwatch.core.write.ValueWriter;

/**
 * Writes findings in Tracee's form, and load records and alerts in Kmodwatch's form, without an
 * envelope (docs/reference/formats.md).
 */
final class BareFormat implements Format {

  /** The schema of an alert. */
  static final String ALERT_SCHEMA = "kmodwatch.alert/1";

  private final FindingWriter findings = new FindingWriter();
  private final LoadWriter loads = new LoadWriter();
  private final ValueWriter values = new ValueWriter();

  @Override
  public Optional<byte[]> write(Notice.Report notice, String id) {
    return Optional.of(write(notice));
  }

  byte[] write(Notice.Report notice) {
    return switch (notice) {
      case Notice.OfFinding(var finding) -> JsonBytes.withoutNewline(findings.toBytes(finding));
      case Notice.OfLoad(LoadRecord load) -> JsonBytes.withoutNewline(loads.toBytes(load));
      case Notice.OfAlert(Alert alert) -> alert(alert);
    };
  }

  @Override
  public String contentType() {
    return JSON;
  }

  private byte[] alert(Alert alert) {
    var head = new LinkedHashMap<String, Value>();
    head.put("schema", Value.of(ALERT_SCHEMA));
    head.put("id", Value.of(alert.id()));
    head.put(
        "stage",
        Value.of(
            switch (alert.stage()) {
              case FIRST -> "first";
              case SUMMARY -> "summary";
            }));
    head.put("first", Value.of(Instant.ofEpochSecond(0, alert.firstNanos()).toString()));
    head.put("last", Value.of(Instant.ofEpochSecond(0, alert.lastNanos()).toString()));
    head.put("count", Value.of(alert.count()));
    head.put("severity", Value.of(alert.severity()));
    head.put("signatures", signatures(alert.signatures()));
    byte[] object = JsonBytes.withoutNewline(values.toBytes(new Value.Obj(head)));
    return switch (alert.subject()) {
      case Alert.Subject.OfLoad(var load) ->
          JsonBytes.with(object, "load", write(new Notice.OfLoad(load)));
      case Alert.Subject.OfFinding(var finding) ->
          JsonBytes.with(object, "finding", write(new Notice.OfFinding(finding)));
    };
  }

  private static Value signatures(List<SignatureMetadata> signatures) {
    return new Value.Array(
        signatures.stream()
            .<Value>map(
                signature -> {
                  var fields = new LinkedHashMap<String, Value>();
                  fields.put("id", Value.of(signature.id()));
                  fields.put("name", Value.of(signature.name()));
                  fields.put("severity", Value.of(signature.severity()));
                  return new Value.Obj(fields);
                })
            .toList());
  }
}
