package org.kmodwatch.agent.replay;

import java.util.Locale;
import java.util.function.LongSupplier;
import org.kmodwatch.agent.shell.StatusLine;

/**
 * Shows on a {@link StatusLine} how many bytes are done, the speed and the remaining time. It
 * starts after half a second, and updates a few times a second. Not thread-safe.
 */
public final class ProgressBar {

  static final long FIRST_NANOS = 500_000_000L;
  static final long INTERVAL_NANOS = 200_000_000L;

  private static final int BAR_COLUMNS = 12;
  private static final double NANOS_A_SECOND = 1e9;

  private final StatusLine line;
  private final LongSupplier nanoTime;
  private final long totalBytes;
  private final long startNanos;
  private long nextNanos;

  /**
   * Starts its clock.
   *
   * @param nanoTime a clock like {@link System#nanoTime}
   * @param totalBytes the number of bytes in total
   */
  ProgressBar(StatusLine line, LongSupplier nanoTime, long totalBytes) {
    this.line = line;
    this.nanoTime = nanoTime;
    this.totalBytes = totalBytes;
    this.startNanos = nanoTime.getAsLong();
    this.nextNanos = startNanos + FIRST_NANOS;
  }

  /**
   * Updates the line if it is time to.
   *
   * @param doing the current work, in one or two words
   */
  void at(String doing, long doneBytes) {
    if (!line.isVisible()) {
      return;
    }
    long now = nanoTime.getAsLong();
    if (now - nextNanos >= 0) {
      nextNanos = now + INTERVAL_NANOS;
      line.show(text(doing, doneBytes, totalBytes, now - startNanos));
    }
  }

  /**
   * Returns how much of {@code total} is {@code done}, in whole percent; less than 100 until all is
   * done.
   */
  static int percent(long done, long total) {
    return done >= total ? 100 : (int) (100.0 * done / total);
  }

  /** Returns the done part, for a person: <code> 45 % [=====>      ]</code>. */
  public static String bar(long done, long total) {
    int filled = total == 0 ? BAR_COLUMNS : (int) (BAR_COLUMNS * Math.min(1.0, 1.0 * done / total));
    return String.format(
        Locale.ROOT,
        "%3d %% [%-" + BAR_COLUMNS + "s]",
        percent(done, total),
        "=".repeat(filled) + (filled < BAR_COLUMNS ? ">" : ""));
  }

  static String text(String doing, long done, long total, long elapsedNanos) {
    double bytesASecond = done / (elapsedNanos / NANOS_A_SECOND);
    String left =
        done == 0 || done >= total ? "" : ", " + span((total - done) / bytesASecond) + " left";
    return String.format(
        Locale.ROOT,
        "%s %s %s, %.0f MB/s%s",
        doing,
        bar(done, total),
        amounts(done, total),
        bytesASecond / 1e6,
        left);
  }

  private static String amounts(long done, long total) {
    if (total < 1_000_000_000) {
      return String.format(Locale.ROOT, "%.0f of %.0f MB", done / 1e6, total / 1e6);
    }
    return String.format(Locale.ROOT, "%.2f of %.2f GB", done / 1e9, total / 1e9);
  }

  private static String span(double seconds) {
    long whole = (long) Math.ceil(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    return whole < 3600
        ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
  }
}
