package org.kmodwatch.lab;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run in the lab did not end. The message is one line: the failure, its cause, and the remedy.
 */
public abstract sealed class LabException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> lastLines;

  private LabException(String message, List<String> lastLines, @Nullable Throwable cause) {
    super(message, cause);
    this.lastLines = List.copyOf(lastLines);
  }

  /**
   * Returns the last lines of the guest's console or of the sensor's log, whichever explains the
   * failure best; empty if no guest ran.
   */
  public final List<String> lastLines() {
    return lastLines == null ? List.of() : lastLines;
  }

  /** The request names an unknown kernel or a missing file. */
  public static final class Usage extends LabException {
    private static final long serialVersionUID = 1L;

    Usage(String message) {
      super(message, List.of(), null);
    }
  }

  /** Something on this machine that the lab needs is missing. */
  public static final class Unavailable extends LabException {
    private static final long serialVersionUID = 1L;

    Unavailable(String message) {
      super(message, List.of(), null);
    }
  }

  /** The guest's kernel panicked. */
  public static final class GuestPanicked extends LabException {
    private static final long serialVersionUID = 1L;

    GuestPanicked(String message, List<String> lastLines) {
      super(message, lastLines, null);
    }
  }

  /** The guest exceeded its time limit, and was killed. */
  public static final class GuestHung extends LabException {
    private static final long serialVersionUID = 1L;

    GuestHung(String message, List<String> lastLines) {
      super(message, lastLines, null);
    }
  }

  /** The guest ended without results, or its sensor failed. */
  public static final class GuestFailed extends LabException {
    private static final long serialVersionUID = 1L;

    GuestFailed(String message, List<String> lastLines) {
      super(message, lastLines, null);
    }
  }

  /** The host could not write or read the files of a run. */
  public static final class HostFailed extends LabException {
    private static final long serialVersionUID = 1L;

    HostFailed(String message, Throwable cause) {
      super(message, List.of(), cause);
    }
  }
}
