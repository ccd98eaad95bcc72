package org.kmodwatch.sensor;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileTrait;

/** Decodes the facts of a record that Tracee's form does not have. */
final class ContextDecoder {

  /**
   * The error of {@code module_sig_check()} that its security hook returns for a module without a
   * valid signature ({@code kernel/module/signing.c}). Lockdown is behind that hook, and other
   * security modules may be too.
   */
  private static final long EPERM = 1;

  private static final String LOCKDOWN_HOOK = "security_locked_down";

  /** include/uapi/linux/stat.h. */
  private static final int S_IFMT = 0xf000;

  private static final int S_IFSOCK = 0xc000;
  private static final int S_IFREG = 0x8000;
  private static final int S_IFIFO = 0x1000;

  private final Supplier<@Nullable String> modprobePath;

  ContextDecoder(Supplier<@Nullable String> modprobePath) {
    this.modprobePath = modprobePath;
  }

  SensorContext decode(RecordReader in, WallClock clock) {
    return decode(in, clock, in.int32(RecordLayout.KIND) == RecordLayout.CALL_RETURN, false);
  }

  /**
   * Decodes like {@link #decode}, for a call that is reported before it has returned. Adds the
   * task, for any kind of record.
   */
  SensorContext decodeOpenCall(RecordReader in, WallClock clock) {
    return decode(in, clock, false, true);
  }

  private SensorContext decode(
      RecordReader in, WallClock clock, boolean returned, boolean withTask) {
    long bootToEpochNanos = clock.offsetAt(in.clockNanos());
    int kind = in.int32(RecordLayout.KIND);
    boolean inCall = in.int32(RecordLayout.CALL) != RecordLayout.NO_CALL;
    boolean request =
        kind == RecordLayout.MODULE_REQUEST || kind == RecordLayout.SECURITY_MODULE_REQUEST;
    boolean checked = in.has(RecordLayout.FLAG_SIG_CHECKED);
    long result = checked ? in.int32(RecordLayout.SIG_RET) : 0;
    boolean refused = result < 0 && !isOfSignatureCheck(result);
    // Lockdown returns only this error.
    boolean byLockdown = refused && result == -EPERM && !Lockdown.isOff();
    String name = in.moduleName();
    return new SensorContext(
        inCall ? bootToEpochNanos + in.int64(RecordLayout.CALL_TIME_NANOS) : 0,
        returned ? bootToEpochNanos + in.int64(RecordLayout.TIME_NANOS) : 0,
        in.has(RecordLayout.FLAG_ENTRY_MISSED),
        in.has(RecordLayout.FLAG_CROWDED_OUT),
        inCall ? file(in) : null,
        name.isEmpty() ? null : name,
        checked && !in.has(RecordLayout.FLAG_SIG_OK),
        checked ? (byLockdown ? result : 0L) : null,
        checked ? (Long) (refused ? 0L : result) : null,
        refused && !byLockdown ? LOCKDOWN_HOOK : null,
        withTask || returned || request || !inCall || in.has(RecordLayout.FLAG_ENTRY_MISSED)
            ? task(in, request, bootToEpochNanos)
            : null,
        clock.shiftAt(in.clockNanos()),
        in.has(RecordLayout.FLAG_NO_STRINGS),
        kind == RecordLayout.MODULE_LOAD ? in.int64(RecordLayout.VALUE) : null);
  }

  private static boolean isOfSignatureCheck(long result) {
    return Errno.ofReturnValue(result).filter(Errno::isOfSignatureCheck).isPresent();
  }

  private static SensorContext.@Nullable FileIdentity file(RecordReader in) {
    if (!in.has(RecordLayout.FLAG_FILE_KNOWN) || in.has(RecordLayout.FLAG_OTHER_FILE)) {
      return null;
    }
    return new SensorContext.FileIdentity(
        isWithoutNames(in) ? procName(in) : in.unmarkedPath(),
        in.unsigned32(RecordLayout.DEV),
        in.int64(RecordLayout.INO),
        in.int64(RecordLayout.CTIME_NANOS),
        traits(in),
        null);
  }

  private static Set<FileTrait> traits(RecordReader in) {
    var traits = EnumSet.noneOf(FileTrait.class);
    if (in.has(RecordLayout.FLAG_FILE_DELETED) && !isWithoutNames(in)) {
      traits.add(FileTrait.DELETED);
    }
    if (in.has(RecordLayout.FLAG_FILE_NO_TREE)) {
      traits.add(FileTrait.ANONYMOUS);
    }
    if (in.pathCut()) {
      traits.add(FileTrait.CUT);
    }
    if (in.has(RecordLayout.FLAG_FILE_LATE)) {
      traits.add(FileTrait.LATE);
    }
    return traits;
  }

  /**
   * Returns whether the file is in no tree of names and is no memfd. A memfd is a regular file with
   * a name. A namespace file has no name.
   */
  private static boolean isWithoutNames(RecordReader in) {
    return in.has(RecordLayout.FLAG_FILE_NO_TREE) && (type(in) != S_IFREG || nameOf(in).isEmpty());
  }

  /** Returns the name of the file in /proc/PID/fd. */
  private static String procName(RecordReader in) {
    String inode = "[" + Long.toUnsignedString(in.int64(RecordLayout.INO)) + "]";
    return switch (type(in)) {
      case S_IFIFO -> "pipe:" + inode;
      case S_IFSOCK -> "socket:" + inode;
      case S_IFREG -> "anon:" + inode;
      default -> "anon_inode:" + nameOf(in);
    };
  }

  private static int type(RecordReader in) {
    return in.int32(RecordLayout.MODE) & S_IFMT;
  }

  private static String nameOf(RecordReader in) {
    List<String> names = in.list(RecordLayout.PATH);
    return names.isEmpty() ? "" : names.getFirst();
  }

  private SensorContext.Task task(RecordReader in, boolean request, long bootToEpochNanos) {
    boolean audit = in.has(RecordLayout.FLAG_AUDIT_KNOWN);
    @Nullable String cgroup = in.plainPath(RecordLayout.CGROUP, false);
    boolean unread = in.has(RecordLayout.FLAG_NO_STRINGS) || in.has(RecordLayout.FLAG_CGROUP_CUT);
    return new SensorContext.Task(
        in.unsigned32(RecordLayout.EUID),
        audit ? in.unsigned32(RecordLayout.LOGINUID) : null,
        audit ? in.unsigned32(RecordLayout.SESSIONID) : null,
        in.int64(RecordLayout.CAP_EFFECTIVE),
        namespaces(in),
        cgroup != null ? cgroup : unread ? "" : "/",
        in.list(RecordLayout.CMDLINE),
        in.has(RecordLayout.FLAG_ARGS_CUT),
        ancestors(in, bootToEpochNanos),
        request ? modprobePath.get() : null);
  }

  private static Map<String, Long> namespaces(RecordReader in) {
    var namespaces = new LinkedHashMap<String, Long>();
    namespaces.put("cgroup", in.unsigned32(RecordLayout.CGROUP_NS));
    namespaces.put("ipc", in.unsigned32(RecordLayout.IPC_NS));
    namespaces.put("mnt", in.unsigned32(RecordLayout.MNT_NS));
    namespaces.put("net", in.unsigned32(RecordLayout.NET_NS));
    namespaces.put("pid", in.unsigned32(RecordLayout.PID_NS));
    namespaces.put("time", in.unsigned32(RecordLayout.TIME_NS));
    namespaces.put("user", in.unsigned32(RecordLayout.USER_NS));
    namespaces.put("uts", in.unsigned32(RecordLayout.UTS_NS));
    namespaces.values().removeIf(inode -> inode == 0);
    return namespaces;
  }

  private static List<SensorContext.Ancestor> ancestors(RecordReader in, long bootToEpochNanos) {
    var ancestors = new ArrayList<SensorContext.Ancestor>();
    for (int i = 0; i < RecordLayout.ANCESTORS_MAX; i++) {
      int at = RecordLayout.ANCESTORS + i * RecordLayout.ANCESTOR_BYTES;
      int hostPid = in.int32(at + RecordLayout.ANCESTOR_HOST_PID);
      if (hostPid == 0) {
        break;
      }
      ancestors.add(
          new SensorContext.Ancestor(
              hostPid,
              in.terminated(at + RecordLayout.ANCESTOR_COMM, RecordLayout.COMM_BYTES),
              in.plainPath(
                  at + RecordLayout.ANCESTOR_EXE,
                  in.int32(at + RecordLayout.ANCESTOR_EXE_CUT) != 0),
              bootToEpochNanos + in.int64(at + RecordLayout.ANCESTOR_START_TIME_NANOS)));
    }
    return ancestors;
  }
}
