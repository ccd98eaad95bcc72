package org.kmodwatch.lab;

/** Says which role the agent has in a guest. */
public enum GuestAgent {
  /** The agent watches while the script runs, and its record is a result. */
  WATCHING,
  /** The script has the command {@code kmodwatch} and decides whether to start it. */
  AT_HAND,
  /** The guest has no agent. */
  ABSENT
}
