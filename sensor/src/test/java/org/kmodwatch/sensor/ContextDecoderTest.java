package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.core.event.SensorContext.FileTrait;
import org.kmodwatch.core.event.SensorContexts;

final class ContextDecoderTest {

  private static final long BOOTED_AT = 1_700_000_000_000_000_000L;

  private final RecordDecoder decoder =
      new RecordDecoder(
          KernelTypes.of(Map.of(), Map.of()), () -> "/sbin/modprobe", WallClock.of(BOOTED_AT));

  @Test
  void call_saysWhenItBeganAndEndedAndWhoMadeIt() {
    SensorContext context =
        context(
            RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.FINIT_MODULE)
                .int64(RecordLayout.CALL_TIME_NANOS, 500)
                .int64(RecordLayout.TIME_NANOS, 900)
                .int32(
                    RecordLayout.FLAGS,
                    RecordLayout.FLAG_FILE_KNOWN
                        | RecordLayout.FLAG_FILE_DELETED
                        | RecordLayout.FLAG_AUDIT_KNOWN
                        | RecordLayout.FLAG_ARGS_CUT)
                .int32(RecordLayout.DEV, 2)
                .int64(RecordLayout.INO, -1)
                .int64(RecordLayout.CTIME_NANOS, 77)
                .int32(RecordLayout.EUID, 1000)
                .int32(RecordLayout.LOGINUID, -1)
                .int32(RecordLayout.SESSIONID, 3)
                .int64(RecordLayout.CAP_EFFECTIVE, 1L << 16)
                .int32(RecordLayout.NET_NS, 0xf000_0001)
                .path(RecordLayout.PATH, "x.ko", "tmp")
                .path(RecordLayout.CGROUP, "session-1.scope", "user.slice")
                .fixed(RecordLayout.NAME, "x")
                .string(RecordLayout.CMDLINE, "insmod\0a b\0\0c")
                .int32(RecordLayout.ANCESTORS + RecordLayout.ANCESTOR_HOST_PID, 41)
                .int64(RecordLayout.ANCESTORS + RecordLayout.ANCESTOR_START_TIME_NANOS, 5)
                .fixed(RecordLayout.ANCESTORS + RecordLayout.ANCESTOR_COMM, "bash")
                .path(RecordLayout.ANCESTORS + RecordLayout.ANCESTOR_EXE, "bash", "bin")
                .int32(
                    RecordLayout.ANCESTORS
                        + RecordLayout.ANCESTOR_BYTES
                        + RecordLayout.ANCESTOR_HOST_PID,
                    2)
                .fixed(
                    RecordLayout.ANCESTORS
                        + RecordLayout.ANCESTOR_BYTES
                        + RecordLayout.ANCESTOR_COMM,
                    "kthreadd"));

    assertThat(context.callTimeNanos()).isEqualTo(BOOTED_AT + 500);
    assertThat(context.returnTimeNanos()).isEqualTo(BOOTED_AT + 900);
    assertThat(context.moduleName()).isEqualTo("x");
    assertThat(context.file())
        .isEqualTo(new FileIdentity("/tmp/x.ko", 2, -1, 77, Set.of(FileTrait.DELETED), null));
    SensorContext.Task task = Objects.requireNonNull(context.task());
    assertThat(task.effectiveUserId()).isEqualTo(1000);
    assertThat(task.loginUserId()).isEqualTo(4294967295L);
    assertThat(task.sessionId()).isEqualTo(3);
    assertThat(task.has(16)).isTrue();
    assertThat(task.has(21)).isFalse();
    assertThat(task.namespaces()).containsOnly(Map.entry("net", 0xf000_0001L));
    assertThat(task.cgroupPath()).isEqualTo("/user.slice/session-1.scope");
    assertThat(task.arguments()).containsExactly("insmod", "a b", "", "c");
    assertThat(task.argumentsCut()).isTrue();
    assertThat(task.modprobePath()).isNull();
    assertThat(task.ancestors())
        .containsExactly(
            new SensorContext.Ancestor(41, "bash", "/bin/bash", BOOTED_AT + 5),
            new SensorContext.Ancestor(2, "kthreadd", null, BOOTED_AT));
  }

  @Test
  void moduleLoad_saysTheTaints_andNoOtherRecordDoes() {
    for (int kind : new int[] {RecordLayout.MODULE_LOAD, RecordLayout.POST_READ_FILE}) {
      RecordBuilder record =
          RecordBuilder.of(kind, RecordLayout.FINIT_MODULE).int64(RecordLayout.VALUE, 0x3000);

      assertThat(context(record).taints())
          .isEqualTo(kind == RecordLayout.MODULE_LOAD ? 0x3000L : null);
    }
  }

  @Test
  void whatIsCut_isMarked() {
    RecordBuilder cut =
        RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.FINIT_MODULE)
            .int32(
                RecordLayout.FLAGS,
                RecordLayout.FLAG_FILE_KNOWN
                    | RecordLayout.FLAG_FILE_LATE
                    | RecordLayout.FLAG_PATH_GAP
                    | RecordLayout.FLAG_CGROUP_CUT)
            .path(RecordLayout.PATH, "x.ko", "d", "…", "tmp")
            .int32(RecordLayout.ANCESTORS + RecordLayout.ANCESTOR_HOST_PID, 41)
            .int32(RecordLayout.ANCESTORS + RecordLayout.ANCESTOR_EXE_CUT, 1)
            .path(RecordLayout.ANCESTORS + RecordLayout.ANCESTOR_EXE, "bash", "d");

    SensorContext context = context(cut);

    assertThat(context.file())
        .isEqualTo(
            new FileIdentity(
                "/tmp/…/d/x.ko", 0, 0, 0, Set.of(FileTrait.CUT, FileTrait.LATE), null));
    SensorContext.Task task = Objects.requireNonNull(context.task());
    assertThat(task.ancestors().getFirst().executablePath()).isEqualTo("…/d/bash");
    assertThat(task.cgroupPath()).isEmpty();
  }

  @Test
  void request_saysWhatTheKernelStarts_andTakesNoAliasForAModule() {
    SensorContext context =
        context(
            RecordBuilder.of(RecordLayout.MODULE_REQUEST, RecordLayout.NO_CALL)
                .fixed(RecordLayout.ALIAS, "net-pf-38"));

    assertThat(context.callTimeNanos()).isZero();
    assertThat(context.moduleName()).isNull();
    assertThat(Objects.requireNonNull(context.task()).modprobePath()).isEqualTo("/sbin/modprobe");
    assertThat(Objects.requireNonNull(context.task()).loginUserId()).isNull();
    assertThat(Objects.requireNonNull(context.task()).cgroupPath()).isEqualTo("/");
  }

  @Test
  void cgroup_isUnknown_whereTheKernelLetsNobodyReadItsName() {
    SensorContext context =
        context(
            RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.FINIT_MODULE)
                .int32(RecordLayout.FLAGS, RecordLayout.FLAG_NO_STRINGS));

    assertThat(Objects.requireNonNull(context.task()).cgroupPath()).isEmpty();
  }

  @Test
  void signature_isMissingOnlyIfTheKernelLookedAndFoundNone() {
    assertThat(signature(0, 0).signatureMissing()).isFalse();
    assertThat(signature(0, 0).lockdownVerdict()).isNull();
    assertThat(signature(RecordLayout.FLAG_SIG_CHECKED, 0).signatureMissing()).isTrue();
    assertThat(signature(RecordLayout.FLAG_SIG_CHECKED, 0).lockdownVerdict()).isEqualTo(0);
    assertThat(signature(RecordLayout.FLAG_SIG_CHECKED, -129).lockdownVerdict()).isEqualTo(0);
    assertThat(signature(RecordLayout.FLAG_SIG_CHECKED, -129).signatureResult()).isEqualTo(-129);
    assertThat(signature(RecordLayout.FLAG_SIG_CHECKED, -1).lockdownVerdict()).isEqualTo(-1);
    assertThat(signature(RecordLayout.FLAG_SIG_CHECKED, -1).signatureResult()).isZero();
    assertThat(
            signature(RecordLayout.FLAG_SIG_CHECKED | RecordLayout.FLAG_SIG_OK, 0)
                .signatureMissing())
        .isFalse();
  }

  /** Covers EACCES: lockdown returns only EPERM, and the signature check never returns EACCES. */
  @Test
  void answerThatNeitherLockdownNorTheCheckHas_isOfAnotherSecurityModule() {
    SensorContext context = signature(RecordLayout.FLAG_SIG_CHECKED, -13);

    assertThat(context.refusedBy()).isEqualTo("security_locked_down");
    assertThat(context.lockdownVerdict()).isZero();
    assertThat(context.signatureResult()).isZero();
  }

  @Test
  void file_isNotThatOfFirmwareWhichAModuleAsksForInItsInit() {
    SensorContext context =
        context(
            RecordBuilder.of(RecordLayout.READ_FILE, RecordLayout.FINIT_MODULE)
                .int32(
                    RecordLayout.FLAGS, RecordLayout.FLAG_FILE_KNOWN | RecordLayout.FLAG_OTHER_FILE)
                .path(RecordLayout.PATH, "firmware.bin", "lib"));

    assertThat(context.file()).isNull();
    assertThat(context.task()).as("an event in the middle of a call").isNull();
  }

  @Test
  void fileInNoTree_isNamedAsInProc() {
    assertThat(withoutTree(0x1000 | 0600, "")).isEqualTo(anonymous("pipe:[99]"));
    assertThat(withoutTree(0xc000 | 0777, "UNIX-STREAM")).isEqualTo(anonymous("socket:[99]"));
    assertThat(withoutTree(0600, "[eventfd]")).isEqualTo(anonymous("anon_inode:[eventfd]"));
    assertThat(withoutTree(0x8000 | 0444, "")).as("a namespace").isEqualTo(anonymous("anon:[99]"));
    assertThat(withoutTree(0x8000 | 0777, "memfd:x"))
        .isEqualTo(anonymous("/memfd:x", FileTrait.DELETED));
  }

  @Test
  void fileThatIsNamedAsADeletedOne_isNotTakenForIt() {
    RecordBuilder record =
        RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.FINIT_MODULE)
            .int32(RecordLayout.FLAGS, RecordLayout.FLAG_FILE_KNOWN)
            .path(RecordLayout.PATH, "x.ko (deleted)", "tmp");

    assertThat(context(record).file()).isEqualTo(new FileIdentity("/tmp/x.ko (deleted)", 0, 0, 0));
  }

  private static FileIdentity anonymous(String path, FileTrait... more) {
    var traits = EnumSet.of(FileTrait.ANONYMOUS, more);
    return new FileIdentity(path, 0, 99, 0, traits, null);
  }

  private FileIdentity withoutTree(int mode, String name) {
    return Objects.requireNonNull(
        context(
                RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.FINIT_MODULE)
                    .int32(
                        RecordLayout.FLAGS,
                        RecordLayout.FLAG_FILE_KNOWN
                            | RecordLayout.FLAG_FILE_NO_TREE
                            | RecordLayout.FLAG_FILE_DELETED)
                    .int32(RecordLayout.MODE, mode)
                    .int64(RecordLayout.INO, 99)
                    .path(RecordLayout.PATH, name))
            .file());
  }

  @Test
  void openCall_saysWhoMakesIt_whateverItsRecordWasMadeFor() {
    ByteBuffer record =
        RecordBuilder.of(RecordLayout.MODULE_LOAD, RecordLayout.INIT_MODULE)
            .int64(RecordLayout.CALL_TIME_NANOS, 500)
            .string(RecordLayout.CMDLINE, "kwload\0init")
            .build();

    SensorContext context = SensorContexts.of(decoder.callWithoutReturn(record)).orElseThrow();

    assertThat(context.callTimeNanos()).isEqualTo(BOOTED_AT + 500);
    assertThat(context.returnTimeNanos()).isZero();
    assertThat(Objects.requireNonNull(context.task()).arguments())
        .isEqualTo(List.of("kwload", "init"));
  }

  private SensorContext signature(int flags, int result) {
    return context(
        RecordBuilder.of(RecordLayout.MODULE_COMING, RecordLayout.INIT_MODULE)
            .int32(RecordLayout.FLAGS, flags)
            .int32(RecordLayout.SIG_RET, result));
  }

  private SensorContext context(RecordBuilder record) {
    Event event = decoder.decode(record.build());
    return SensorContexts.of(event).orElseThrow();
  }
}
