package org.kmodwatch.lab;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a run in the lab did not come to its end. The message is one line: what failed, why, and what
 * to do about it.
 */
public abstract sealed class LabException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> lastLines;

  private LabException(String message, List<String> lastLines, @Nullable Throwable cause) {
    super(message, cause);
    this.lastLines = List.copyOf(lastLines);
  }

  /**
   * The end of what explains the failure best: the guest's console, or the sensor's log; empty
   * where no guest ran.
   */
  public final List<String> lastLines() {
    return lastLines == null ? List.of() : lastLines;
  }

  /**
   * The request asks for what there is not: a kernel that nobody knows, a file that is not there.
   */
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

  /** The guest had not finished when its time was over, and was ended. */
  public static final class GuestHung extends LabException {
    private static final long serialVersionUID = 1L;

    GuestHung(String message, List<String> lastLines) {
      super(message, lastLines, null);
    }
  }

  /** The guest ended without results, or the sensor in it did not work. */
  public static final class GuestFailed extends LabException {
    private static final long serialVersionUID = 1L;

    GuestFailed(String message, List<String> lastLines) {
      super(message, lastLines, null);
    }
  }

  /** The host could not write or read what belongs to a run. */
  public static final class HostFailed extends LabException {
    private static final long serialVersionUID = 1L;

    HostFailed(String message, Throwable cause) {
      super(message, List.of(), cause);
    }
  }
}
