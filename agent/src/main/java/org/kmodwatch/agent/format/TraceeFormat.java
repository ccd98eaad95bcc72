package org.kmodwatch.agent.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.write.EventWriter;

/**
 * Writes a finding as a separate event, like Tracee's tools besides its finding form. It is the
 * flat event under the finding's event name. The signature's data are arguments, and the source
 * event is in {@code detectedFrom} (docs/reference/formats.md).
 */
final class TraceeFormat implements Format {

  private final EventWriter writer = new EventWriter();

  @Override
  public Optional<byte[]> write(Notice.Report notice, String id) {
    return switch (notice) {
      case Notice.OfFinding(Finding finding) ->
          Optional.of(JsonBytes.withoutNewline(writer.toBytes(event(finding))));
      case Notice.OfLoad(var load) -> Optional.empty();
      case Notice.OfAlert(var alert) -> Optional.empty();
    };
  }

  @Override
  public String contentType() {
    return JSON;
  }

  private static Event event(Finding finding) {
    Event source = finding.event();
    SignatureMetadata signature = finding.metadata();
    var args = new ArrayList<Argument>();
    if (finding.data() instanceof Value.Obj(var data)) {
      data.forEach((name, value) -> args.add(new Argument(name, "string", value)));
    }
    args.add(new Argument("detectedFrom", "unknown", detectedFrom(source)));
    return source.toBuilder()
        .eventName(signature.eventName())
        .args(args)
        .metadata(metadata(signature))
        .build();
  }

  private static Value detectedFrom(Event source) {
    var fields = new ObjectBuilder();
    fields.put("id", source.eventId());
    fields.put("name", source.eventName());
    List<Argument> args = source.args();
    if (args != null) {
      fields.putAll(
          "args",
          args.stream()
              .map(
                  argument ->
                      new ObjectBuilder()
                          .put("name", argument.name())
                          .put("type", argument.type())
                          .put("value", argument.value()))
              .toList());
    }
    fields.put("returnValue", source.returnValue());
    return fields.toValue();
  }

  private static Value metadata(SignatureMetadata signature) {
    var properties = new LinkedHashMap<>(signature.properties());
    properties.put("signatureID", Value.of(signature.id()));
    properties.put("signatureName", Value.of(signature.name()));
    return new ObjectBuilder()
        .put("Version", signature.version())
        .put("Description", signature.description())
        .put("Tags", signature.tags() == null ? Value.NULL : Value.ofStrings(signature.tags()))
        .put("Properties", new Value.Obj(properties))
        .toValue();
  }
}
