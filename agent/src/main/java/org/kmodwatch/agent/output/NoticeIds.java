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
 * Assigns ids to notices. A notice that is reported again, even after a restart, has the same id.
 * One thread at a time may use it.
 */
public final class NoticeIds {

  /**
   * The number of remembered load ids. A record that replaces another one of its id comes soon
   * after it, or never.
   */
  private static final int REMEMBERED = 4096;

  private final Map<String, Integer> recent =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** Creates a generator that has seen no notice. */
  public NoticeIds() {}

  /**
   * Returns the id of {@code notice}. A record that corrects an earlier one gets that record's id
   * with a number at its end. Otherwise receivers that drop repeats would drop the correction.
   */
  public String of(Notice.Report notice) {
    return switch (notice) {
      case Notice.OfFinding(Finding finding) -> ofFinding(finding);
      case Notice.OfLoad(LoadRecord load) -> {
        // An earlier process may have reported the first record.
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

  /**
   * Returns the id of a finding, computed from the facts that identify it. It is the same when the
   * events are read again.
   */
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

  /**
   * Returns the load's id if the event is a load, because a load's record may differ when it is
   * made again. For another event it returns the arguments.
   */
  private static String subjectOf(Event event) {
    if (event.argument(LoadRecords.ARGUMENT).orElse(null) instanceof Value.Obj(var fields)
        && fields.get("id") instanceof Value.Str(String id)) {
      return id;
    }
    List<Argument> args = Objects.requireNonNullElse(event.args(), List.of());
    return JsonText.line(new Value.Array(args.stream().map(Argument::value).toList()));
  }

  /** Returns the SHA-256 of {@code text} in UTF-8, in hexadecimal. */
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
