package org.kmodwatch.core.load;

/** What should be a load record is none. */
public final class LoadRecordException extends IllegalArgumentException {

  private static final long serialVersionUID = 1;

  /** Makes one; {@code message} says what is wrong. */
  public LoadRecordException(String message) {
    super(message);
  }
}
