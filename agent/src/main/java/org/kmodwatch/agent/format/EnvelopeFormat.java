package org.kmodwatch.agent.format;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.write.ValueWriter;

/**
 * Writes Kmodwatch's own form: {@code id}, {@code kind}, {@code time}, {@code host} and {@code
 * data}. The {@code data} is the same as with {@code -o json}, {@code -o loads} and {@code -o
 * alerts}.
 */
final class EnvelopeFormat implements Format {

  private final BareFormat bare = new BareFormat();
  private final ValueWriter heads = new ValueWriter();
  private final @Nullable String host;

  EnvelopeFormat(@Nullable String host) {
    this.host = host;
  }

  @Override
  public Optional<byte[]> write(Notice.Report notice, String id) {
    var head = new LinkedHashMap<String, Value>();
    head.put("id", Value.of(id));
    head.put("kind", Value.of(notice.kind().word()));
    head.put("time", Value.of(Instant.ofEpochSecond(0, notice.timeNanos()).toString()));
    if (host != null) {
      head.put("host", Value.of(host));
    }
    return Optional.of(
        JsonBytes.with(
            JsonBytes.withoutNewline(heads.toBytes(new Value.Obj(head))),
            "data",
            bare.write(notice)));
  }

  @Override
  public String contentType() {
    return JSON;
  }
}
