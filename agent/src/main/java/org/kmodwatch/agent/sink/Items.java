package org.kmodwatch.agent.sink;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.format.FindingWriter;
import org.kmodwatch.core.format.LoadWriter;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.signature.Finding;

/**
 * Writes findings and loads as they are sent: {@code id}, {@code kind}, {@code time}, {@code host},
 * {@code data}. One thread.
 */
final class Items {

  /** A record that replaces one of the same id comes soon after it, or not at all. */
  private static final int REMEMBERED = 4096;

  private final FindingWriter findingWriter = new FindingWriter();
  private final LoadWriter loadWriter = new LoadWriter();
  private final @Nullable String host;
  private final Map<String, Integer> recent =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
          return size() > REMEMBERED;
        }
      };

  Items(@Nullable String host) {
    this.host = host;
  }

  Item of(Finding finding) {
    String id = idOf(finding);
    return item(id, "finding", finding.event().timestampNanos(), findingWriter.toBytes(finding));
  }

  /**
   * A record that corrects one of the same id has that id with a number at its end, or receivers
   * that drop repeats would drop the correction.
   */
  Item of(LoadRecord load) {
    int turn = recent.merge(load.id(), 1, Integer::sum);
    String id = "load:" + load.id() + (turn == 1 ? "" : "/" + turn);
    return item(id, "load", load.timeNanos(), loadWriter.toBytes(load));
  }

  private Item item(String id, String kind, long timeNanos, byte[] line) {
    var head = new LinkedHashMap<String, Value>();
    head.put("id", Value.of(id));
    head.put("kind", Value.of(kind));
    head.put("time", Value.of(Instant.ofEpochSecond(0, timeNanos).toString()));
    if (host != null) {
      head.put("host", Value.of(host));
    }
    String text = JsonText.line(new Value.Obj(head));
    byte[] start =
        (text.substring(0, text.length() - 1) + ",\"data\":").getBytes(StandardCharsets.UTF_8);
    var body = new ByteArrayOutputStream(start.length + line.length);
    body.writeBytes(start);
    // Without the newline.
    body.write(line, 0, line.length - 1);
    body.write('}');
    return new Item(id, body.toByteArray());
  }

  /** By what makes two findings the same one; it is the same when the events are read again. */
  private static String idOf(Finding finding) {
    Event event = finding.event();
    Value data = finding.data();
    String identity =
        String.join(
            "\n",
            finding.metadata().id(),
            event.eventName(),
            Integer.toString(event.process().hostThreadId()),
            Long.toString(event.timestampNanos()),
            subjectOf(event),
            data == null ? "" : JsonText.line(data));
    return "finding:" + sha256(identity).substring(0, 32);
  }

  /** The load's id if the event is one: its record may say more or less when it is made again. */
  private static String subjectOf(Event event) {
    if (event.argument(LoadRecords.ARGUMENT).orElse(null) instanceof Value.Obj(var fields)
        && fields.get("id") instanceof Value.Str(String id)) {
      return id;
    }
    List<Argument> args = Objects.requireNonNullElse(event.args(), List.of());
    return JsonText.line(new Value.Array(args.stream().map(Argument::value).toList()));
  }

  static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
