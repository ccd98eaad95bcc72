package org.kmodwatch.core.load;

/** Reports that a value is not a valid load record. */
public final class LoadRecordException extends IllegalArgumentException {

  private static final long serialVersionUID = 1;

  /** Creates an exception. {@code message} names the error. */
  public LoadRecordException(String message) {
    super(message);
  }
}
