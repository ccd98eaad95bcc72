package org.kmodwatch.lab;

/** What a guest has of the agent. */
public enum GuestAgent {
  /** It watches while the script runs, and there is its record afterwards. */
  WATCHING,
  /** The script finds the command {@code kmodwatch} and starts it itself, or not. */
  AT_HAND,
  /** It is not there. */
  ABSENT
}
