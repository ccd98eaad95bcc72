package org.kmodwatch.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tracks the progress of a guest by the lines that its init.sh sends: {@code armed}, {@code script
 * STATUS}, {@code results}, or {@code failed WHY}. The reading thread writes it; another thread
 * reads it after power off. Thread-safe.
 */
final class GuestReport {

  private final Supplier<Duration> sincePowerOn;
  private final LabListener listener;
  private @Nullable Duration armed;
  private @Nullable Duration scriptEnded;
  private @Nullable String failure;
  private int exitStatus;
  private boolean results;

  GuestReport(Supplier<Duration> sincePowerOn, LabListener listener) {
    this.sincePowerOn = sincePowerOn;
    this.listener = listener;
  }

  /** Takes a line. An unknown line is ignored, since a script may write there too. */
  synchronized void accept(String line) {
    Duration now = sincePowerOn.get();
    Duration armedAt = armed;
    if (line.equals("armed") && armedAt == null) {
      armed = now;
      listener.stage("");
      listener.progress("armed after %s".formatted(seconds(now)));
    } else if (line.matches("script [0-9]{1,3}") && armedAt != null && scriptEnded == null) {
      scriptEnded = now;
      exitStatus = Integer.parseInt(line.substring("script ".length()));
      listener.progress(
          "script ran %s, status %d".formatted(seconds(now.minus(armedAt)), exitStatus));
      listener.stage("collecting the results");
    } else if (line.equals("results")) {
      results = true;
    } else if (line.startsWith("failed ") && failure == null) {
      failure = line.substring("failed ".length());
    }
  }

  /** Returns whether the guest wrote all its results. */
  synchronized boolean hasResults() {
    return results;
  }

  /** Returns the failure that the guest reported; null for none. */
  synchronized @Nullable String failure() {
    return failure;
  }

  /** Returns the last phase of the guest, for a message. */
  synchronized String phase() {
    if (armed == null) {
      return "before the sensor was armed";
    }
    return scriptEnded == null ? "while the script ran" : "after the script had ended";
  }

  /** Returns the result if the script ended; null if it did not. */
  synchronized @Nullable LabResult result(Path out) {
    Duration armedAt = armed;
    Duration endedAt = scriptEnded;
    if (armedAt == null || endedAt == null) {
      return null;
    }
    return new LabResult(exitStatus, out, armedAt, endedAt.minus(armedAt));
  }

  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }
}
