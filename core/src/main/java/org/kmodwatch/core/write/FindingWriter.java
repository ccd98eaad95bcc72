package org.kmodwatch.core.write;

import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * Writes findings as Tracee's tools print them: {@code Data}, {@code Event} with the selector and
 * the whole event in the flat form, {@code SigMetadata}. UTF-8, one line each with a newline at its
 * end. Not thread-safe.
 */
public final class FindingWriter {

  private final JsonLine line = new JsonLine();

  /** The JSON that describes each signature, by id. All findings of a signature share it. */
  private final Map<String, Written> written = new HashMap<>();

  /** Creates a writer. */
  public FindingWriter() {}

  @SuppressWarnings("ArrayRecordComponent") // these records are never compared
  private record Written(SignatureMetadata metadata, byte[] bytes) {}

  /**
   * Writes {@code finding} to {@code out} in one call, without flushing.
   *
   * @throws IllegalArgumentException if an unknown field of the event has the key of a known one
   * @throws IOException if {@code out} fails
   */
  public void write(Finding finding, OutputStream out) throws IOException {
    write(finding);
    line.writeTo(out);
  }

  /**
   * Returns the line of {@code finding}, newline included.
   *
   * @throws IllegalArgumentException if an unknown field of the event has the key of a known one
   */
  public byte[] toBytes(Finding finding) {
    write(finding);
    return line.toBytes();
  }

  private void write(Finding finding) {
    JsonLine out = line;
    out.clear();
    Event event = finding.event();
    Value data = finding.data();
    out.writeStartObject();
    out.writeName("Data");
    JsonValues.write(out, data == null ? Value.NULL : data);
    out.writeName("Event");
    out.writeStartObject();
    out.writeName("Headers");
    out.writeStartObject();
    out.writeName("Selector");
    out.writeStartObject();
    out.writeStringProperty("Name", event.eventName());
    out.writeStringProperty("Origin", event.origin().wireName());
    out.writeStringProperty("Source", event.source());
    out.writeEndObject();
    out.writeEndObject();
    out.writeName("Payload");
    FlatWriter.write(out, event);
    out.writeEndObject();
    out.writeName("SigMetadata");
    out.writeRaw(bytesOf(finding.metadata()));
    out.writeEndObject();
    out.end();
  }

  @SuppressWarnings("ReferenceEquality") // comparing the texts would take longer than writing them
  private byte[] bytesOf(SignatureMetadata metadata) {
    Written known = written.get(metadata.id());
    if (known == null || known.metadata != metadata) {
      var value = new JsonLine();
      write(value, metadata);
      known = new Written(metadata, value.toBytes());
      written.put(metadata.id(), known);
    }
    return known.bytes;
  }

  private static void write(JsonLine out, SignatureMetadata metadata) {
    List<String> tags = metadata.tags();
    out.writeStartObject();
    out.writeStringProperty("ID", metadata.id());
    out.writeStringProperty("Version", metadata.version());
    out.writeStringProperty("Name", metadata.name());
    out.writeStringProperty("EventName", metadata.eventName());
    out.writeStringProperty("Description", metadata.description());
    out.writeName("Tags");
    JsonValues.write(out, tags == null ? Value.NULL : Value.ofStrings(tags));
    out.writeName("Properties");
    JsonValues.write(out, new Value.Obj(metadata.properties()));
    out.writeEndObject();
  }
}
