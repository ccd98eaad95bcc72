package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

final class RecordDecoderTest {

  private static final long BOOTED_AT = 1_700_000_000_000_000_000L;
  private static final long LONG_AGO = 1_577_836_800_000_000_000L;
  private final WallClock clock = WallClock.of(BOOTED_AT);
  private static final Map<Integer, String> READING =
      Map.of(0, "READING_UNKNOWN", 1, "READING_FIRMWARE", 2, "READING_MODULE", 7, "READING_MAX_ID");

  private final RecordDecoder decoder =
      new RecordDecoder(
          KernelTypes.of(READING, Map.of(2, "LOADING_MODULE")), () -> "/sbin/modprobe", clock);

  @Test
  void recordsOfOneCall_haveOneId_whenTheClockIsSetBetweenThem() {
    RecordBuilder coming =
        RecordBuilder.of(RecordLayout.MODULE_COMING, RecordLayout.INIT_MODULE)
            .int64(RecordLayout.TIME_NANOS, 700)
            .int64(RecordLayout.CALL_TIME_NANOS, 500);
    RecordBuilder returned =
        RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.INIT_MODULE)
            .int64(RecordLayout.TIME_NANOS, 2000)
            .int64(RecordLayout.CALL_TIME_NANOS, 500);

    Event before = decoder.decode(coming.build());
    clock.follow(1000, LONG_AGO);
    Event after = decoder.decode(returned.build());

    assertThat(before.timestampNanos()).isEqualTo(BOOTED_AT + 700);
    assertThat(after.timestampNanos()).isEqualTo(BOOTED_AT + 500);
    SensorContext context = SensorContexts.of(after).orElseThrow();
    assertThat(context.callTimeNanos()).isEqualTo(BOOTED_AT + 500);
    assertThat(context.returnTimeNanos()).isEqualTo(BOOTED_AT + 2000);
    assertThat(context.clockShiftNanos()).isZero();
  }

  @Test
  void recordAfterTheClockWasSet_saysByHowMuch() {
    clock.follow(1000, LONG_AGO);

    Event event =
        decoder.decode(
            RecordBuilder.of(RecordLayout.MODULE_LOAD, RecordLayout.NO_CALL)
                .int64(RecordLayout.TIME_NANOS, 1500)
                .build());

    assertThat(event.timestampNanos()).isEqualTo(LONG_AGO + 1500);
    assertThat(SensorContexts.clockShiftNanos(event)).isEqualTo(LONG_AGO - BOOTED_AT);
    assertThat(SensorContexts.steadyNanos(event)).isEqualTo(BOOTED_AT + 1500);
  }

  @Test
  void finitModule_hasItsArgumentsAndItsEntryTime_whenItReturns() {
    Event event =
        decoder.decode(
            RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.FINIT_MODULE)
                .int64(RecordLayout.TIME_NANOS, 900)
                .int64(RecordLayout.CALL_TIME_NANOS, 500)
                .int64(RecordLayout.RET, -129)
                .args(3, 0x7fff_0000_1000L, 2)
                .int32(RecordLayout.FLAGS, RecordLayout.FLAG_PARAMS_KNOWN)
                .string(RecordLayout.PARAMS, "numdummies=2")
                .build());

    assertThat(event.eventName()).isEqualTo("finit_module");
    assertThat(event.syscall()).isEqualTo("finit_module");
    assertThat(event.eventId()).isEqualTo("313");
    assertThat(event.timestampNanos()).isEqualTo(BOOTED_AT + 500);
    assertThat(event.returnValue()).isEqualTo(-129);
    assertThat(event.compat()).isFalse();
    assertThat(event.args())
        .containsExactly(
            new Argument("fd", "int", Value.of(3)),
            new Argument("param_values", "const char*", Value.of("numdummies=2")),
            new Argument("flags", "int", Value.of(2)));
  }

  @Test
  void finitModule_hasNegativeDescriptor_whenTheRegisterHoldsOne() {
    Event event =
        decoder.decode(
            RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.FINIT_MODULE)
                .args(0xffff_ffffL, 0, 0)
                .build());

    assertThat(event.argument("fd")).contains(Value.of(-1));
  }

  @Test
  void initModule_keepsAllBitsAndSaysNullForWhatCouldNotBeRead() {
    Event event =
        decoder.decode(
            RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.INIT_MODULE)
                .args(-1, -1, 0xbad)
                .int64(RecordLayout.RET, -14)
                .int32(RecordLayout.FLAGS, RecordLayout.FLAG_COMPAT)
                .build());

    assertThat(event.compat()).isTrue();
    assertThat(event.args())
        .containsExactly(
            new Argument("umod", "void*", new Value.Num("18446744073709551615")),
            new Argument("len", "unsigned long", new Value.Num("18446744073709551615")),
            new Argument("param_values", "const char*", Value.NULL));
  }

  @Test
  void deleteModule_hasTheNameThatWasAskedFor() {
    Event event =
        decoder.decode(
            RecordBuilder.of(RecordLayout.CALL_RETURN, RecordLayout.DELETE_MODULE)
                .args(0x1000, 0x800, 0)
                .int32(RecordLayout.FLAGS, RecordLayout.FLAG_PARAMS_KNOWN)
                .string(RecordLayout.PARAMS, "dummy")
                .build());

    assertThat(event.args())
        .containsExactly(
            new Argument("name", "const char*", Value.of("dummy")),
            new Argument("flags", "int", Value.of(0x800)));
  }

  @Test
  void readFile_hasPathIdentityAndTheKernelsWordForTheType() {
    Event event =
        decoder.decode(
            RecordBuilder.of(RecordLayout.READ_FILE, RecordLayout.FINIT_MODULE)
                .int64(RecordLayout.TIME_NANOS, 700)
                .int64(RecordLayout.CALL_TIME_NANOS, 500)
                .int32(RecordLayout.ID, 2)
                .int32(RecordLayout.DEV, 0x0080_0001)
                .int64(RecordLayout.INO, 4711)
                .int64(RecordLayout.CTIME_NANOS, 1_600_000_000_123_456_789L)
                .int32(RecordLayout.FLAGS, RecordLayout.FLAG_FILE_KNOWN)
                .path(RecordLayout.EXE, "insmod", "bin")
                .path(RecordLayout.PATH, "dummy.ko", "net", "lib")
                .build());

    assertThat(event.eventName()).isEqualTo("security_kernel_read_file");
    assertThat(event.timestampNanos()).isEqualTo(BOOTED_AT + 700);
    assertThat(event.process().executablePath()).isEqualTo("/bin/insmod");
    assertThat(event.args())
        .containsExactly(
            new Argument("pathname", "const char*", Value.of("/lib/net/dummy.ko")),
            new Argument("dev", "dev_t", Value.of(0x0080_0001)),
            new Argument("inode", "unsigned long", Value.of(4711)),
            new Argument("type", "const char*", Value.of("kernel-module")),
            new Argument("ctime", "unsigned long", Value.of(1_600_000_000_123_456_789L)));
  }

  @Test
  void readFile_saysUnknownWithTheNumber_whenTheKernelsBtfHasNoWord() {
    Event event =
        decoder.decode(
            RecordBuilder.of(RecordLayout.READ_FILE, RecordLayout.NO_CALL)
                .int32(RecordLayout.ID, 9)
                .build());

    assertThat(event.argument("type")).contains(Value.of("unknown(9)"));
  }

  @Test
  void path_tellsDeletedFilesAndMemfdsAndCutOnes() {
    assertThat(pathname(RecordLayout.FLAG_FILE_DELETED, "x.ko", "tmp"))
        .isEqualTo("/tmp/x.ko (deleted)");
    assertThat(pathname(RecordLayout.FLAG_FILE_DELETED, "memfd:evil"))
        .isEqualTo("/memfd:evil (deleted)");
    assertThat(pathname(RecordLayout.FLAG_PATH_CUT, "x.ko", "d", "d")).isEqualTo("…/d/d/x.ko");
    assertThat(pathname(0)).isEqualTo("/");
    assertThat(pathname(0, "a\nb \"c\".ko", "öffnen")).isEqualTo("/öffnen/a\nb \"c\".ko");
  }

  @Test
  void moduleLoad_hasTheFile_onlyWhenFinitModuleLoadsIt() {
    RecordBuilder finit =
        RecordBuilder.of(RecordLayout.MODULE_LOAD, RecordLayout.FINIT_MODULE)
            .int32(RecordLayout.FLAGS, RecordLayout.FLAG_FILE_KNOWN)
            .path(RecordLayout.PATH, "x.ko")
            .fixed(RecordLayout.NAME, "x")
            .string(RecordLayout.VERSION, "1.0")
            .string(RecordLayout.SRCVERSION, "ABC");
    RecordBuilder init =
        RecordBuilder.of(RecordLayout.MODULE_LOAD, RecordLayout.INIT_MODULE)
            .fixed(RecordLayout.NAME, "x");

    assertThat(names(decoder.decode(finit.build())))
        .containsExactly("name", "version", "src_version", "pathname", "dev", "inode", "ctime");
    assertThat(names(decoder.decode(init.build())))
        .containsExactly("name", "version", "src_version");
  }

  @Test
  void process_hasIdsInsideAndOutsideItsNamespace() {
    ProcessContext process =
        decoder
            .decode(
                RecordBuilder.of(RecordLayout.MODULE_FREE, RecordLayout.NO_CALL)
                    .int32(RecordLayout.HOST_PID, 1000)
                    .int32(RecordLayout.HOST_TID, 1001)
                    .int32(RecordLayout.HOST_PPID, 999)
                    .int32(RecordLayout.PID, 7)
                    .int32(RecordLayout.TID, 8)
                    .int32(RecordLayout.PPID, 0)
                    .int32(RecordLayout.UID, -2)
                    .int32(RecordLayout.MNT_NS, 0xf000_0001)
                    .int32(RecordLayout.PID_NS, 0xf000_0002)
                    .int32(RecordLayout.CPU, 3)
                    .int64(RecordLayout.CGROUP_ID, -1)
                    .int64(RecordLayout.START_TIME_NANOS, 42)
                    .fixed(RecordLayout.COMM, "exactly15bytes!")
                    .fixed(RecordLayout.NODE, "host-1")
                    .build())
            .process();

    assertThat(process.hostProcessId()).isEqualTo(1000);
    assertThat(process.hostThreadId()).isEqualTo(1001);
    assertThat(process.hostParentProcessId()).isEqualTo(999);
    assertThat(process.processId()).isEqualTo(7);
    assertThat(process.threadId()).isEqualTo(8);
    assertThat(process.parentProcessId()).isZero();
    assertThat(process.userId()).isEqualTo(4294967294L);
    assertThat(process.mountNamespace()).isEqualTo(0xf000_0001L);
    assertThat(process.pidNamespace()).isEqualTo(0xf000_0002L);
    assertThat(process.processorId()).isEqualTo(3);
    assertThat(process.cgroupId()).isEqualTo(-1);
    assertThat(process.threadStartTimeNanos()).isEqualTo(BOOTED_AT + 42);
    assertThat(process.processName()).isEqualTo("exactly15bytes!");
    assertThat(process.executablePath()).isNull();
  }

  @Test
  void entityId_isTheSameForATask_andAnotherForTheNextOneWithItsPid() {
    assertThat(RecordDecoder.entityId(100, 5)).isEqualTo(RecordDecoder.entityId(100, 5));
    assertThat(RecordDecoder.entityId(100, 5)).isNotEqualTo(RecordDecoder.entityId(100, 6));
    assertThat(RecordDecoder.entityId(100, 5)).isBetween(0L, 0xffff_ffffL);
  }

  @Test
  void call_hasNoReturnValue_whenItHasNotReturned() {
    ByteBuffer record =
        RecordBuilder.of(RecordLayout.MODULE_LOAD, RecordLayout.INIT_MODULE)
            .int64(RecordLayout.CALL_TIME_NANOS, 500)
            .build();

    Event event = decoder.callWithoutReturn(record);

    assertThat(event.eventName()).isEqualTo("init_module");
    assertThat(event.returnValue()).isNull();
    assertThat(event.timestampNanos()).isEqualTo(BOOTED_AT + 500);
  }

  @Test
  void strings_areNull_whereTheKernelLetsNobodyReadThem() {
    Event coming =
        decoder.decode(
            RecordBuilder.of(RecordLayout.MODULE_COMING, RecordLayout.FINIT_MODULE)
                .int32(RecordLayout.FLAGS, RecordLayout.FLAG_NO_STRINGS)
                .fixed(RecordLayout.NAME, "dummy")
                .build());
    Event request =
        decoder.decode(
            RecordBuilder.of(RecordLayout.MODULE_REQUEST, RecordLayout.NO_CALL)
                .int32(RecordLayout.FLAGS, RecordLayout.FLAG_NO_STRINGS)
                .build());

    assertThat(coming.stringArgument("name")).contains("dummy");
    assertThat(coming.argument("param_values")).contains(Value.NULL);
    assertThat(request.argument("name")).contains(Value.NULL);
  }

  @Test
  void decode_throwsIllegalArgument_whenTheKindIsUnknownOrTheRecordTooShort() {
    assertThatThrownBy(() -> decoder.decode(RecordBuilder.of(99, 0).build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such kind of record: kind=99");
    assertThatThrownBy(() -> decoder.decode(ByteBuffer.allocate(10)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a record is too short: bytes=10");
  }

  @Test
  void decode_throwsNothingElse_whateverTheBytes() {
    long seed = 20261122;
    var random = new Random(seed);
    int decoded = 0;
    int refused = 0;
    for (int i = 0; i < 2_000; i++) {
      var bytes = new byte[RecordLayout.DATA + random.nextInt(200_000) % 70_000];
      random.nextBytes(bytes);
      ByteBuffer junk = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      junk.putInt(RecordLayout.KIND, 1 + random.nextInt(12));
      junk.putInt(RecordLayout.CALL, random.nextInt(4));
      try {
        assertThat(decoder.decode(junk).eventName()).as("seed %d turn %d", seed, i).isNotEmpty();
        decoded++;
      } catch (IllegalArgumentException | IndexOutOfBoundsException cannotBeRight) {
        refused++;
      }
    }
    assertThat(decoded).as("seed %d", seed).isPositive();
    assertThat(refused).as("seed %d", seed).isPositive();
  }

  private String pathname(int flags, String... namesFromTheFileUp) {
    Event event =
        decoder.decode(
            RecordBuilder.of(RecordLayout.READ_FILE, RecordLayout.NO_CALL)
                .int32(RecordLayout.FLAGS, flags)
                .path(RecordLayout.PATH, namesFromTheFileUp)
                .build());
    return event.stringArgument("pathname").orElseThrow();
  }

  private static List<String> names(Event event) {
    return Objects.requireNonNull(event.args()).stream().map(Argument::name).toList();
  }
}
