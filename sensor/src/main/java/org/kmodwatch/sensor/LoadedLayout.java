package org.kmodwatch.sensor;

/**
 * The offset of each field in the list of loaded modules: {@code struct kw_module} and {@code
 * kw_module_changes} of {@code record.h}, in bytes. RecordLayoutTest compares it with the BTF of
 * the object file.
 */
final class LoadedLayout {

  static final int KEY_BYTES = 8;

  static final int LOADED_NANOS = 0;
  static final int CALL_TIME_NANOS = 8;
  static final int BASE = 16;
  static final int TAINTS = 24;
  static final int PROGRESS = 32;
  static final int SIZE = 36;
  static final int HOST_TID = 40;
  static final int RESERVED = 44;
  static final int NAME = 48;
  static final int NAME_BYTES = 56;
  static final int VALUE_BYTES = 104;

  static final int IN_CALL = 0;
  static final int RETURNED = 1;
  static final int NO_RETURN = 2;
  static final int GONE = 3;

  static final int CHANGES = 0;
  static final int UNLISTED = 8;
  static final int CHANGES_BYTES = 16;

  private LoadedLayout() {}
}
