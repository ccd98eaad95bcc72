package org.kmodwatch.agent.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/**
 * Writes a table for people. Each load has one row, and so has each finding that belongs to no
 * load. An indented line below a row shows further facts that a person must know. On a terminal the
 * table fits the width, long paths are shortened in the middle, and the date has a separate line.
 * Elsewhere nothing is cut, and every row has its date, so that a row can be read alone.
 */
public final class TableOutput implements Output {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT);
  private static final DateTimeFormatter DATE_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS", Locale.ROOT);

  /**
   * The largest timestamp that counts from boot, as in old recordings. It is about three years, and
   * no epoch time of a real event is as small.
   */
  private static final long LARGEST_UPTIME_NANOS = 100_000_000_000_000_000L;

  private static final int WHAT_WIDTH = 8;
  private static final int WHO_WIDTH = 34;
  private static final int OUTCOME_WIDTH = 30;
  private static final int MIN_MODULE_WIDTH = 20;
  private static final int PLAIN_MODULE_WIDTH = 24;
  private static final String GAP = "  ";
  private static final String INDENT = "    ";

  private final OutputStream out;
  private final Style style;
  private final Rows rows;
  private final int timeWidth;
  private final int moduleWidth;
  private boolean started;
  private @Nullable LocalDate date;

  /**
   * The layout of a table.
   *
   * @param terminalColumns width of the terminal in characters; 0 if the output is not a terminal
   * @param colour whether to colour the table
   * @param zone the time zone to show
   */
  public record Style(int terminalColumns, boolean colour, ZoneId zone) {}

  /** Creates a table that is written to {@code out}, which stays open. */
  public TableOutput(OutputStream out, Style style, UserNames users) {
    this.out = new WholeLines(out);
    this.style = style;
    this.rows = new Rows(users);
    this.timeWidth = isTerminal() ? 12 : 23;
    int others = timeWidth + WHAT_WIDTH + WHO_WIDTH + OUTCOME_WIDTH + 4 * GAP.length();
    this.moduleWidth =
        isTerminal()
            ? Math.max(MIN_MODULE_WIDTH, style.terminalColumns() - others)
            : PLAIN_MODULE_WIDTH;
  }

  @Override
  public void accept(Notice notice) throws IOException {
    Optional<Row> row =
        switch (notice) {
          case Notice.OfFinding(Finding finding) -> rows.ofFinding(finding);
          // Modules loaded before the start are in the records, not in the table.
          case Notice.OfLoad(LoadRecord load) ->
              load.preExisting() ? Optional.empty() : Optional.of(rows.ofLoad(load));
          // The rows of their loads and findings show them.
          case Notice.OfEvent _, Notice.OfAlert _ -> Optional.empty();
        };
    if (row.isPresent()) {
      print(row.get());
    }
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  private void print(Row row) throws IOException {
    if (!started) {
      started = true;
      write(Ansi.BOLD.on(heading(), style.colour()));
    }
    line(
        colourOf(row.tone()),
        time(row.timestampNanos()),
        PlainText.escape(row.what()),
        fit(PlainText.escape(row.who()), WHO_WIDTH),
        fit(PlainText.escape(row.module()), moduleWidth),
        PlainText.escape(row.outcome()));
    if (!row.more().isEmpty()) {
      write(INDENT + colourOf(row.moreTone()).on(PlainText.escape(row.more()), style.colour()));
    }
  }

  private String heading() {
    return pad("TIME", timeWidth)
        + GAP
        + pad("WHAT", WHAT_WIDTH)
        + GAP
        + pad("WHO", WHO_WIDTH)
        + GAP
        + pad("MODULE", moduleWidth)
        + GAP
        + "OUTCOME";
  }

  private void line(
      Ansi colour, String time, String what, String who, String module, String outcome)
      throws IOException {
    String start =
        pad(time, timeWidth)
            + GAP
            + colour.on(pad(what, WHAT_WIDTH), style.colour())
            + GAP
            + pad(who, WHO_WIDTH)
            + GAP
            + pad(module, moduleWidth)
            + GAP
            + colour.on(outcome, style.colour());
    write(start);
  }

  private String time(long timestampNanos) throws IOException {
    if (timestampNanos < LARGEST_UPTIME_NANOS) {
      return "boot+%d.%03ds"
          .formatted(timestampNanos / 1_000_000_000, timestampNanos / 1_000_000 % 1000);
    }
    LocalDateTime time =
        LocalDateTime.ofInstant(Instant.ofEpochSecond(0, timestampNanos), style.zone());
    if (!isTerminal()) {
      return DATE_TIME.format(time);
    }
    if (!time.toLocalDate().equals(date)) {
      date = time.toLocalDate();
      write(Ansi.BOLD.on(date.toString(), style.colour()));
    }
    return TIME.format(time);
  }

  private void write(String line) throws IOException {
    out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private boolean isTerminal() {
    return style.terminalColumns() > 0;
  }

  private String fit(String text, int width) {
    int length = text.codePointCount(0, text.length());
    if (!isTerminal() || length <= width) {
      return text;
    }
    int head = (width - 1) / 3;
    int tail = width - 1 - head;
    return text.substring(0, text.offsetByCodePoints(0, head))
        + "…"
        + text.substring(text.offsetByCodePoints(text.length(), -tail));
  }

  private static String pad(String text, int width) {
    int length = text.codePointCount(0, text.length());
    return length >= width ? text : text + " ".repeat(width - length);
  }

  private static Ansi colourOf(Row.Tone tone) {
    return switch (tone) {
      case ALARM -> Ansi.BOLD_RED;
      case FINDING -> Ansi.BOLD_YELLOW;
      case DONE -> Ansi.GREEN;
      case REFUSED -> Ansi.RED;
      case FAILED -> Ansi.YELLOW;
      case PLAIN -> Ansi.NONE;
    };
  }
}
