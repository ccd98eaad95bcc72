package org.kmodwatch.core.audit;

/** What is wrong with a line of an audit log, or with an event of one. Without a stack trace. */
public final class AuditException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  AuditException(String reason) {
    // Bad lines may come by the million.
    super(reason, null, false, false);
  }

  /** The reason, for a person. */
  public String reason() {
    return String.valueOf(getMessage());
  }

  /** {@code text}, cut to what a message can hold, on one line. */
  static String shown(String text) {
    String cut = text.length() <= 64 ? text : text.substring(0, 64) + "…";
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
