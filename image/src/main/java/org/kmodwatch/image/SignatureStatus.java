package org.kmodwatch.image;

/** What a check of a module's signature came to. */
public enum SignatureStatus {
  /** By a key that was given, and right. */
  VALID,
  /** By a key that was given, and wrong: these are not the bytes that were signed. */
  INVALID,
  /** There is none. */
  UNSIGNED,
  /** By a key that was not given, so that nothing is known of it. */
  UNKNOWN_KEY
}
