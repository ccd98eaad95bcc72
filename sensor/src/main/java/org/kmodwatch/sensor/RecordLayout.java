package org.kmodwatch.sensor;

/**
 * The offset of each field of a record: {@code struct kw_record} of {@code record.h}, in bytes.
 * RecordLayoutTest compares it with the BTF of the object file.
 */
final class RecordLayout {

  static final int TIME_NANOS = 0;
  static final int CALL_TIME_NANOS = 8;
  static final int START_TIME_NANOS = 16;
  static final int LEADER_START_TIME_NANOS = 24;
  static final int PARENT_START_TIME_NANOS = 32;
  static final int CGROUP_ID = 40;

  /** Three registers of 8 bytes. */
  static final int ARGS = 48;

  static final int RET = 72;
  static final int INO = 80;
  static final int CTIME_NANOS = 88;
  static final int VALUE = 96;
  static final int CAP_EFFECTIVE = 104;
  static final int SEQUENCE = 112;
  static final int KIND = 120;
  static final int CALL = 124;
  static final int FLAGS = 128;
  static final int ID = 132;
  static final int DEV = 136;

  /** The i_mode of the file. */
  static final int MODE = 140;

  static final int CPU = 144;
  static final int HOST_PID = 148;
  static final int HOST_TID = 152;
  static final int HOST_PPID = 156;
  static final int PID = 160;
  static final int TID = 164;
  static final int PPID = 168;
  static final int UID = 172;
  static final int EUID = 176;
  static final int LOGINUID = 180;
  static final int SESSIONID = 184;
  static final int SIG_RET = 188;
  static final int CGROUP_NS = 192;
  static final int IPC_NS = 196;
  static final int MNT_NS = 200;
  static final int NET_NS = 204;
  static final int PID_NS = 208;
  static final int TIME_NS = 212;
  static final int USER_NS = 216;
  static final int UTS_NS = 220;
  static final int COMM = 224;
  static final int NODE = 240;

  static final int NAME = 312;
  static final int ALIAS = 368;

  /** Eight of struct kw_ancestor. */
  static final int ANCESTORS = 424;

  /** Spans: 16-bit offset into the data, 16-bit length. */
  static final int EXE = 744;

  static final int CGROUP = 748;
  static final int CMDLINE = 752;
  static final int PARAMS = 756;
  static final int PATH = 760;
  static final int VERSION = 764;
  static final int SRCVERSION = 768;
  static final int DATA_LEN = 772;
  static final int DATA = 776;

  /** Fields of struct kw_ancestor. */
  static final int ANCESTOR_START_TIME_NANOS = 0;

  static final int ANCESTOR_HOST_PID = 8;
  static final int ANCESTOR_EXE = 12;
  static final int ANCESTOR_COMM = 16;
  static final int ANCESTOR_EXE_CUT = 32;
  static final int ANCESTOR_RESERVED = 36;
  static final int ANCESTOR_BYTES = 40;
  static final int ANCESTORS_MAX = 8;

  static final int COMM_BYTES = 16;
  static final int NODE_BYTES = 72;
  static final int NAME_BYTES = 56;

  /** enum kw_flag. */
  static final int FLAG_COMPAT = 1;

  static final int FLAG_FILE_KNOWN = 1 << 1;
  static final int FLAG_FILE_DELETED = 1 << 2;
  static final int FLAG_PATH_CUT = 1 << 3;
  static final int FLAG_PARAMS_KNOWN = 1 << 4;
  static final int FLAG_ENTRY_MISSED = 1 << 5;
  static final int FLAG_ARGS_CUT = 1 << 6;
  static final int FLAG_SIG_CHECKED = 1 << 7;
  static final int FLAG_SIG_OK = 1 << 8;
  static final int FLAG_AUDIT_KNOWN = 1 << 9;
  static final int FLAG_OTHER_FILE = 1 << 10;
  static final int FLAG_NO_STRINGS = 1 << 11;
  static final int FLAG_CROWDED_OUT = 1 << 12;
  static final int FLAG_FILE_NO_TREE = 1 << 13;
  static final int FLAG_EXE_CUT = 1 << 14;
  static final int FLAG_PATH_GAP = 1 << 15;
  static final int FLAG_CGROUP_CUT = 1 << 16;
  static final int FLAG_FILE_LATE = 1 << 17;
  static final int FLAG_NESTED = 1 << 18;

  /** enum kw_kind. */
  static final int CALL_RETURN = 1;

  static final int READ_FILE = 2;
  static final int POST_READ_FILE = 3;
  static final int LOAD_DATA = 4;
  static final int POST_LOAD_DATA = 5;
  static final int SECURITY_MODULE_REQUEST = 6;
  static final int MODULE_REQUEST = 7;
  static final int MODULE_COMING = 8;
  static final int MODULE_LOAD = 9;
  static final int MODULE_INIT = 10;
  static final int MODULE_FREE = 11;
  static final int IMAGE = 12;
  static final int CANARY = 13;

  /** enum kw_call. */
  static final int NO_CALL = 0;

  static final int INIT_MODULE = 1;
  static final int FINIT_MODULE = 2;
  static final int DELETE_MODULE = 3;

  /** Only in the list of held-back records. */
  static final int NO_CALL_BUT_REQUEST = 4;

  /** enum kw_counter. */
  static final int COUNTER_ATTEMPTS_SENT = 0;

  static final int COUNTER_ATTEMPTS_RING_FULL = 1;
  static final int COUNTER_ATTEMPTS_HELD = 2;
  static final int COUNTER_ATTEMPTS_RECOVERED = 3;
  static final int COUNTER_LOADS_SENT = 4;
  static final int COUNTER_LOADS_RING_FULL = 5;
  static final int COUNTER_NO_WORK_SPACE = 6;
  static final int COUNTER_IMAGES_SEEN = 7;
  static final int COUNTER_IMAGES_CUT = 8;
  static final int COUNTER_HELD_UNLISTED = 9;
  static final int COUNTER_ENTRIES_CROWDED_OUT = 10;
  static final int COUNTERS = 11;

  /** KW_RING_BYTES: the size of each of the two lanes. */
  static final int RING_BYTES = 16 << 20;

  private RecordLayout() {}
}
