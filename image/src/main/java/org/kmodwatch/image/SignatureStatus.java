package org.kmodwatch.image;

/** What a check of a module's signature came to. */
public enum SignatureStatus {
  /** By a key that was given, and right: a kernel with that key takes it. */
  VALID,
  /** A kernel that checks signatures does not load the module. */
  INVALID,
  /** There is none. */
  UNSIGNED,
  /** By a key that was not given, so that nothing is known of it. */
  UNKNOWN_KEY,
  /** By an algorithm that kernels do not check, or that is not checked here. */
  NOT_CHECKED
}
