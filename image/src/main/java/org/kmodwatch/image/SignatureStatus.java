package org.kmodwatch.image;

/** Lists the results of a check of a module's signature. */
public enum SignatureStatus {
  /** The signature is right, by a given key: a kernel with that key accepts it. */
  VALID,
  /** The signature is wrong: a kernel that checks signatures does not load the module. */
  INVALID,
  /** The module has no signature. */
  UNSIGNED,
  /** The signature is by a key that was not given, so its validity is not known. */
  UNKNOWN_KEY,
  /** The signature uses an algorithm that kernels do not check, or that is not checked here. */
  NOT_CHECKED
}
