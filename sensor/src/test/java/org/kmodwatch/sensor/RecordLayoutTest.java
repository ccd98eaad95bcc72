package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.LibBpf;

/** Compares Java's layout of the record with the object file's own description. */
final class RecordLayoutTest {

  @TempDir Path directory;

  @Test
  void layout_agreesWithTheObjectFile_forEveryFieldOfTheRecord() throws Exception {
    try (KernelBtf btf = objectFile()) {
      assertThat(btf.memberOffsets("kw_record"))
          .containsExactly(
              entry("time_ns", RecordLayout.TIME_NANOS),
              entry("call_time_ns", RecordLayout.CALL_TIME_NANOS),
              entry("start_time_ns", RecordLayout.START_TIME_NANOS),
              entry("leader_start_time_ns", RecordLayout.LEADER_START_TIME_NANOS),
              entry("parent_start_time_ns", RecordLayout.PARENT_START_TIME_NANOS),
              entry("cgroup_id", RecordLayout.CGROUP_ID),
              entry("args", RecordLayout.ARGS),
              entry("ret", RecordLayout.RET),
              entry("ino", RecordLayout.INO),
              entry("ctime_ns", RecordLayout.CTIME_NANOS),
              entry("value", RecordLayout.VALUE),
              entry("cap_effective", RecordLayout.CAP_EFFECTIVE),
              entry("seq", RecordLayout.SEQUENCE),
              entry("kind", RecordLayout.KIND),
              entry("call", RecordLayout.CALL),
              entry("flags", RecordLayout.FLAGS),
              entry("id", RecordLayout.ID),
              entry("dev", RecordLayout.DEV),
              entry("mode", RecordLayout.MODE),
              entry("cpu", RecordLayout.CPU),
              entry("host_pid", RecordLayout.HOST_PID),
              entry("host_tid", RecordLayout.HOST_TID),
              entry("host_ppid", RecordLayout.HOST_PPID),
              entry("pid", RecordLayout.PID),
              entry("tid", RecordLayout.TID),
              entry("ppid", RecordLayout.PPID),
              entry("uid", RecordLayout.UID),
              entry("euid", RecordLayout.EUID),
              entry("loginuid", RecordLayout.LOGINUID),
              entry("sessionid", RecordLayout.SESSIONID),
              entry("sig_ret", RecordLayout.SIG_RET),
              entry("cgroup_ns", RecordLayout.CGROUP_NS),
              entry("ipc_ns", RecordLayout.IPC_NS),
              entry("mnt_ns", RecordLayout.MNT_NS),
              entry("net_ns", RecordLayout.NET_NS),
              entry("pid_ns", RecordLayout.PID_NS),
              entry("timens", RecordLayout.TIME_NS),
              entry("user_ns", RecordLayout.USER_NS),
              entry("uts_ns", RecordLayout.UTS_NS),
              entry("comm", RecordLayout.COMM),
              entry("node", RecordLayout.NODE),
              entry("name", RecordLayout.NAME),
              entry("alias", RecordLayout.ALIAS),
              entry("ancestors", RecordLayout.ANCESTORS),
              entry("exe", RecordLayout.EXE),
              entry("cgroup", RecordLayout.CGROUP),
              entry("cmdline", RecordLayout.CMDLINE),
              entry("params", RecordLayout.PARAMS),
              entry("path", RecordLayout.PATH),
              entry("version", RecordLayout.VERSION),
              entry("srcversion", RecordLayout.SRCVERSION),
              entry("data_len", RecordLayout.DATA_LEN),
              entry("data", RecordLayout.DATA));
      assertThat(btf.memberOffsets("kw_ancestor"))
          .containsExactly(
              entry("start_time_ns", RecordLayout.ANCESTOR_START_TIME_NANOS),
              entry("host_pid", RecordLayout.ANCESTOR_HOST_PID),
              entry("exe", RecordLayout.ANCESTOR_EXE),
              entry("comm", RecordLayout.ANCESTOR_COMM),
              entry("exe_cut", RecordLayout.ANCESTOR_EXE_CUT),
              entry("reserved", RecordLayout.ANCESTOR_RESERVED));
      assertThat(RecordLayout.EXE - RecordLayout.ANCESTORS)
          .isEqualTo(RecordLayout.ANCESTORS_MAX * RecordLayout.ANCESTOR_BYTES);
      assertThat(RecordLayout.NODE - RecordLayout.COMM).isEqualTo(RecordLayout.COMM_BYTES);
      assertThat(RecordLayout.NAME - RecordLayout.NODE).isEqualTo(RecordLayout.NODE_BYTES);
      assertThat(RecordLayout.ALIAS - RecordLayout.NAME).isEqualTo(RecordLayout.NAME_BYTES);
      assertThat(RecordLayout.ANCESTORS - RecordLayout.ALIAS).isEqualTo(RecordLayout.NAME_BYTES);
    }
  }

  @Test
  void layout_agreesWithTheObjectFile_forEveryFieldOfAChunk() throws Exception {
    try (KernelBtf btf = objectFile()) {
      assertThat(btf.memberOffsets("kw_chunk"))
          .containsExactly(
              entry("call_time_ns", ChunkLayout.CALL_TIME_NANOS),
              entry("size", ChunkLayout.SIZE),
              entry("offset", ChunkLayout.OFFSET),
              entry("host_tid", ChunkLayout.HOST_TID),
              entry("len", ChunkLayout.LEN),
              entry("kind", ChunkLayout.KIND),
              entry("reserved", ChunkLayout.RESERVED),
              entry("data", ChunkLayout.DATA));
    }
  }

  @Test
  void layout_agreesWithTheObjectFile_forWhatWasHeldBack() throws Exception {
    try (KernelBtf btf = objectFile()) {
      assertThat(btf.memberOffsets("kw_held_key"))
          .containsExactly(
              entry("cgroup_id", HeldLayout.KEY_CGROUP_ID),
              entry("ret", HeldLayout.KEY_RET),
              entry("uid", HeldLayout.KEY_UID),
              entry("call", HeldLayout.KEY_CALL));
      assertThat(btf.memberOffsets("kw_held"))
          .containsExactly(
              entry("count", HeldLayout.COUNT),
              entry("first_ns", HeldLayout.FIRST_NANOS),
              entry("last_ns", HeldLayout.LAST_NANOS),
              entry("host_pid", HeldLayout.HOST_PID),
              entry("no_room", HeldLayout.NO_ROOM),
              entry("comm", HeldLayout.COMM));
      assertThat(btf.memberOffsets("kw_control"))
          .containsExactly(
              entry("period", HeldLayout.CONTROL_PERIOD),
              entry("canary_pid", HeldLayout.CONTROL_CANARY_PID),
              entry("clock", HeldLayout.CONTROL_CLOCK),
              entry("received", HeldLayout.CONTROL_RECEIVED_ATTEMPTS));
      assertThat(btf.memberOffsets("kw_clock_setting"))
          .containsExactly(
              entry("from_ns", HeldLayout.CLOCK_FROM_NANOS),
              entry("boot_to_epoch_ns", HeldLayout.CLOCK_BOOT_TO_EPOCH_NANOS));
      assertThat(btf.memberOffsets("kw_pinned"))
          .containsExactly(entry("text", 0), entry("end", PinListMap.BYTES));
      assertThat(btf.memberOffsets("kw_constants"))
          .containsExactly(entry("image_bytes_max", 0), entry("programs_twice", 8));
    }
  }

  @Test
  void layout_agreesWithTheObjectFile_forTheListOfModules() throws Exception {
    try (KernelBtf btf = objectFile()) {
      assertThat(btf.memberOffsets("kw_module"))
          .containsExactly(
              entry("loaded_ns", LoadedLayout.LOADED_NANOS),
              entry("call_time_ns", LoadedLayout.CALL_TIME_NANOS),
              entry("base", LoadedLayout.BASE),
              entry("taints", LoadedLayout.TAINTS),
              entry("progress", LoadedLayout.PROGRESS),
              entry("size", LoadedLayout.SIZE),
              entry("host_tid", LoadedLayout.HOST_TID),
              entry("reserved", LoadedLayout.RESERVED),
              entry("name", LoadedLayout.NAME));
      assertThat(LoadedLayout.VALUE_BYTES).isEqualTo(LoadedLayout.NAME + LoadedLayout.NAME_BYTES);
      assertThat(btf.memberOffsets("kw_module_changes"))
          .containsExactly(
              entry("changes", LoadedLayout.CHANGES), entry("unlisted", LoadedLayout.UNLISTED));
      assertThat(btf.enumerators("kw_progress"))
          .containsExactly(
              entry(LoadedLayout.IN_CALL, "KW_IN_CALL"),
              entry(LoadedLayout.RETURNED, "KW_RETURNED"),
              entry(LoadedLayout.NO_RETURN, "KW_NO_RETURN"),
              entry(LoadedLayout.GONE, "KW_GONE"));
    }
  }

  @Test
  void layout_agreesWithTheObjectFile_forEveryConstant() throws Exception {
    try (KernelBtf btf = objectFile()) {
      assertThat(btf.enumerators("kw_kind"))
          .containsExactly(
              entry(RecordLayout.CALL_RETURN, "KW_CALL_RETURN"),
              entry(RecordLayout.READ_FILE, "KW_READ_FILE"),
              entry(RecordLayout.POST_READ_FILE, "KW_POST_READ_FILE"),
              entry(RecordLayout.LOAD_DATA, "KW_LOAD_DATA"),
              entry(RecordLayout.POST_LOAD_DATA, "KW_POST_LOAD_DATA"),
              entry(RecordLayout.SECURITY_MODULE_REQUEST, "KW_SECURITY_MODULE_REQUEST"),
              entry(RecordLayout.MODULE_REQUEST, "KW_MODULE_REQUEST"),
              entry(RecordLayout.MODULE_COMING, "KW_MODULE_COMING"),
              entry(RecordLayout.MODULE_LOAD, "KW_MODULE_LOAD"),
              entry(RecordLayout.MODULE_INIT, "KW_MODULE_INIT"),
              entry(RecordLayout.MODULE_FREE, "KW_MODULE_FREE"),
              entry(RecordLayout.IMAGE, "KW_IMAGE"),
              entry(RecordLayout.CANARY, "KW_CANARY"));
      assertThat(btf.enumerators("kw_call"))
          .containsExactly(
              entry(RecordLayout.NO_CALL, "KW_NO_CALL"),
              entry(RecordLayout.INIT_MODULE, "KW_INIT_MODULE"),
              entry(RecordLayout.FINIT_MODULE, "KW_FINIT_MODULE"),
              entry(RecordLayout.DELETE_MODULE, "KW_DELETE_MODULE"),
              entry(RecordLayout.NO_CALL_BUT_REQUEST, "KW_NO_CALL_BUT_REQUEST"));
      assertThat(btf.enumerators("kw_flag"))
          .containsExactly(
              entry(RecordLayout.FLAG_COMPAT, "KW_COMPAT"),
              entry(RecordLayout.FLAG_FILE_KNOWN, "KW_FILE_KNOWN"),
              entry(RecordLayout.FLAG_FILE_DELETED, "KW_FILE_DELETED"),
              entry(RecordLayout.FLAG_PATH_CUT, "KW_PATH_CUT"),
              entry(RecordLayout.FLAG_PARAMS_KNOWN, "KW_PARAMS_KNOWN"),
              entry(RecordLayout.FLAG_ENTRY_MISSED, "KW_ENTRY_MISSED"),
              entry(RecordLayout.FLAG_ARGS_CUT, "KW_ARGS_CUT"),
              entry(RecordLayout.FLAG_SIG_CHECKED, "KW_SIG_CHECKED"),
              entry(RecordLayout.FLAG_SIG_OK, "KW_SIG_OK"),
              entry(RecordLayout.FLAG_AUDIT_KNOWN, "KW_AUDIT_KNOWN"),
              entry(RecordLayout.FLAG_OTHER_FILE, "KW_OTHER_FILE"),
              entry(RecordLayout.FLAG_NO_STRINGS, "KW_NO_STRINGS"),
              entry(RecordLayout.FLAG_CROWDED_OUT, "KW_CROWDED_OUT"),
              entry(RecordLayout.FLAG_FILE_NO_TREE, "KW_FILE_NO_TREE"),
              entry(RecordLayout.FLAG_EXE_CUT, "KW_EXE_CUT"),
              entry(RecordLayout.FLAG_PATH_GAP, "KW_PATH_GAP"),
              entry(RecordLayout.FLAG_CGROUP_CUT, "KW_CGROUP_CUT"),
              entry(RecordLayout.FLAG_FILE_LATE, "KW_FILE_LATE"),
              entry(RecordLayout.FLAG_NESTED, "KW_NESTED"));
      assertThat(btf.enumerators("kw_counter"))
          .containsExactly(
              entry(RecordLayout.COUNTER_ATTEMPTS_SENT, "KW_ATTEMPTS_SENT"),
              entry(RecordLayout.COUNTER_ATTEMPTS_RING_FULL, "KW_ATTEMPTS_RING_FULL"),
              entry(RecordLayout.COUNTER_ATTEMPTS_HELD, "KW_ATTEMPTS_HELD"),
              entry(RecordLayout.COUNTER_ATTEMPTS_RECOVERED, "KW_ATTEMPTS_RECOVERED"),
              entry(RecordLayout.COUNTER_LOADS_SENT, "KW_LOADS_SENT"),
              entry(RecordLayout.COUNTER_LOADS_RING_FULL, "KW_LOADS_RING_FULL"),
              entry(RecordLayout.COUNTER_NO_WORK_SPACE, "KW_NO_WORK_SPACE"),
              entry(RecordLayout.COUNTER_IMAGES_SEEN, "KW_IMAGES_SEEN"),
              entry(RecordLayout.COUNTER_IMAGES_CUT, "KW_IMAGES_CUT"),
              entry(RecordLayout.COUNTER_HELD_UNLISTED, "KW_HELD_UNLISTED"),
              entry(RecordLayout.COUNTER_ENTRIES_CROWDED_OUT, "KW_ENTRIES_CROWDED_OUT"),
              entry(RecordLayout.COUNTERS, "KW_COUNTERS"));
      assertThat(btf.enumerators("kw_image_kind"))
          .containsExactly(
              entry(ChunkLayout.HANDED_OVER, "KW_HANDED_OVER"),
              entry(ChunkLayout.DECOMPRESSED, "KW_DECOMPRESSED"),
              entry(ChunkLayout.IMAGE_KINDS, "KW_IMAGE_KINDS"),
              entry(ChunkLayout.NO_IMAGE, "KW_NO_IMAGE"),
              entry(ChunkLayout.FORGET_IMAGES, "KW_FORGET_IMAGES"));
    }
  }

  private KernelBtf objectFile() throws Exception {
    return KernelBtf.ofObjectFile(LibBpf.load(), ObjectFile.writeTo(directory).toString());
  }
}
