package org.kmodwatch.agent.format;

import java.util.Optional;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.write.ValueWriter;

/** A form that writes each notice of any kind as one JSON object. */
abstract class JsonFormat implements Format {

  private final Catalogue catalogue;
  private final ValueWriter writer = new ValueWriter();

  JsonFormat(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  /** Returns the object of a notice. */
  abstract Value value(Facts facts);

  @Override
  public final Optional<byte[]> write(Notice.Report notice, String id) {
    return Optional.of(
        JsonBytes.withoutNewline(writer.toBytes(value(Facts.of(notice, id, catalogue)))));
  }

  @Override
  public final String contentType() {
    return JSON;
  }
}
