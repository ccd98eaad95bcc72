package org.kmodwatch.agent.output;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.signature.Finding;

/**
 * Gives notices their ids: the same thing told again, after a restart too, has the same. One
 * thread.
 */
public final class NoticeIds {

  /** A record that replaces one of the same id comes soon after it, or not at all. */
  private static final int REMEMBERED = 4096;

  private final Map<String, Integer> recent =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** Makes one that has seen nothing yet. */
  public NoticeIds() {}

  /**
   * The id of {@code notice}. A record that corrects one of the same id has that id with a number
   * at its end, or receivers that drop repeats would drop the correction.
   */
  public String of(Notice.Report notice) {
    return switch (notice) {
      case Notice.OfFinding(Finding finding) -> ofFinding(finding);
      case Notice.OfLoad(LoadRecord load) -> {
        // The first may have been told by a process before this one.
        int first = load.replacesAnother() ? 2 : 1;
        int turn = recent.merge(load.id(), first, (before, one) -> before + 1);
        yield "load:" + load.id() + (turn == 1 ? "" : "/" + turn);
      }
      case Notice.OfAlert(Alert alert) ->
          "alert:"
              + alert.id()
              + switch (alert.stage()) {
                case FIRST -> "";
                case SUMMARY -> "/summary";
              };
    };
  }

  /** By what makes two findings the same one; it is the same when the events are read again. */
  public static String ofFinding(Finding finding) {
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

  /** The SHA-256 of {@code text} in UTF-8, hexadecimal. */
  public static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
