package org.kmodwatch.sensor;

/**
 * The offset of each field in the list of held-back records and in the values that user space sets
 * for the programs: {@code struct kw_held_key}, {@code kw_held} and {@code kw_control} of {@code
 * record.h}, in bytes. RecordLayoutTest compares it with the BTF of the object file.
 */
final class HeldLayout {

  static final int KEY_CGROUP_ID = 0;
  static final int KEY_RET = 8;
  static final int KEY_UID = 16;
  static final int KEY_CALL = 20;
  static final int KEY_BYTES = 24;

  /** KW_ALL_USERS instead of a user: many users and cgroups, listed as one. */
  static final int ALL_USERS = -1;

  static final int COUNT = 0;
  static final int FIRST_NANOS = 8;
  static final int LAST_NANOS = 16;
  static final int HOST_PID = 24;
  static final int NO_ROOM = 28;
  static final int COMM = 32;
  static final int VALUE_BYTES = 48;

  static final int CONTROL_PERIOD = 0;
  static final int CONTROL_CANARY_PID = 4;
  static final int CONTROL_CLOCK = 8;
  static final int CLOCK_FROM_NANOS = 0;
  static final int CLOCK_BOOT_TO_EPOCH_NANOS = 8;
  static final int CLOCK_BYTES = 16;

  /** A number of 64 bits for each lane, in the order of enum kw_lane. */
  static final int CONTROL_RECEIVED_ATTEMPTS = CONTROL_CLOCK + WallClock.MAX_SETTINGS * CLOCK_BYTES;

  static final int CONTROL_RECEIVED_LOADS = CONTROL_RECEIVED_ATTEMPTS + Long.BYTES;

  static final int CONTROL_BYTES = CONTROL_RECEIVED_LOADS + Long.BYTES;

  private HeldLayout() {}
}
