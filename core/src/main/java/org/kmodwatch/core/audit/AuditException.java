package org.kmodwatch.core.audit;

/** Reports what is wrong with a line or an event of an audit log. It has no stack trace. */
public final class AuditException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  AuditException(String reason) {
    // A log may have millions of bad lines: a stack trace costs too much.
    super(reason, null, false, false);
  }

  /** Returns the reason, in words for a person. */
  public String reason() {
    return String.valueOf(getMessage());
  }

  /** Returns {@code text} on one line, cut to 64 characters for a message. */
  static String shown(String text) {
    String cut = text.length() <= 64 ? text : text.substring(0, 64) + "…";
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
