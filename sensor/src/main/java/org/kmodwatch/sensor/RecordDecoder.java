package org.kmodwatch.sensor;

import static org.kmodwatch.core.event.EventNames.ATTEMPTS_SUPPRESSED;
import static org.kmodwatch.core.event.EventNames.DELETE_MODULE;
import static org.kmodwatch.core.event.EventNames.FINIT_MODULE;
import static org.kmodwatch.core.event.EventNames.INIT_MODULE;
import static org.kmodwatch.core.event.EventNames.INIT_MODULE_RETURN;
import static org.kmodwatch.core.event.EventNames.MODULE_COMING;
import static org.kmodwatch.core.event.EventNames.MODULE_FREE;
import static org.kmodwatch.core.event.EventNames.MODULE_IMAGE;
import static org.kmodwatch.core.event.EventNames.MODULE_INIT;
import static org.kmodwatch.core.event.EventNames.MODULE_LOAD;
import static org.kmodwatch.core.event.EventNames.MODULE_REQUEST;
import static org.kmodwatch.core.event.EventNames.SECURITY_KERNEL_LOAD_DATA;
import static org.kmodwatch.core.event.EventNames.SECURITY_KERNEL_MODULE_REQUEST;
import static org.kmodwatch.core.event.EventNames.SECURITY_KERNEL_POST_LOAD_DATA;
import static org.kmodwatch.core.event.EventNames.SECURITY_KERNEL_POST_READ_FILE;
import static org.kmodwatch.core.event.EventNames.SECURITY_KERNEL_READ_FILE;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

/**
 * Decodes a record of the programs into an event. It reads plain bytes, so it can be tested
 * anywhere.
 *
 * <p>Argument names are those of Tracee's formats, types are C's. A string that the program could
 * not read from user memory is null, and never invented.
 */
final class RecordDecoder {

  private static final String C_STRING = "const char*";
  private static final String C_UNSIGNED_LONG = "unsigned long";
  private static final String C_INT = "int";

  private final KernelTypes types;
  private final ContextDecoder contexts;
  private final WallClock clock;

  /**
   * Creates a decoder.
   *
   * @param types the running kernel's words for the purposes of reading
   * @param modprobePath returns the program that the kernel starts to load a module, or null if not
   *     known; called each time
   * @param clock the settings of the clock
   */
  RecordDecoder(KernelTypes types, Supplier<@Nullable String> modprobePath, WallClock clock) {
    this.types = types;
    this.contexts = new ContextDecoder(modprobePath);
    this.clock = clock;
  }

  /**
   * Decodes the event of a record.
   *
   * @param record a record from offset 0, in the machine's byte order
   * @throws IllegalArgumentException if it is not a valid record
   */
  Event decode(ByteBuffer record) {
    var in = new RecordReader(record);
    int kind = in.int32(RecordLayout.KIND);
    return switch (kind) {
      case RecordLayout.CALL_RETURN -> call(in, in.int64(RecordLayout.RET));
      case RecordLayout.READ_FILE -> {
        String type = types.ofReadFile(in.int32(RecordLayout.ID));
        yield event(
            in,
            SECURITY_KERNEL_READ_FILE,
            List.of(
                string("pathname", in.path()),
                dev(in),
                inode(in),
                string("type", type),
                ctime(in)));
      }
      case RecordLayout.POST_READ_FILE ->
          event(
              in,
              SECURITY_KERNEL_POST_READ_FILE,
              List.of(
                  string("pathname", in.path()),
                  unsigned("size", C_UNSIGNED_LONG, in.int64(RecordLayout.VALUE)),
                  string("type", types.ofReadFile(in.int32(RecordLayout.ID)))));
      case RecordLayout.LOAD_DATA ->
          event(
              in,
              SECURITY_KERNEL_LOAD_DATA,
              List.of(
                  string("type", types.ofLoadData(in.int32(RecordLayout.ID))),
                  new Argument("contents", "bool", Value.of(in.int64(RecordLayout.VALUE) != 0))));
      case RecordLayout.POST_LOAD_DATA ->
          event(
              in,
              SECURITY_KERNEL_POST_LOAD_DATA,
              List.of(
                  unsigned("size", C_UNSIGNED_LONG, in.int64(RecordLayout.VALUE)),
                  string("type", types.ofLoadData(in.int32(RecordLayout.ID))),
                  string("description", in.string(RecordLayout.SRCVERSION))));
      case RecordLayout.SECURITY_MODULE_REQUEST ->
          event(in, SECURITY_KERNEL_MODULE_REQUEST, List.of(string("name", alias(in))));
      case RecordLayout.MODULE_REQUEST ->
          event(
              in,
              MODULE_REQUEST,
              List.of(
                  string("name", alias(in)),
                  new Argument("wait", "bool", Value.of(in.int32(RecordLayout.ID) != 0)),
                  unsigned("ip", C_UNSIGNED_LONG, in.int64(RecordLayout.VALUE))));
      case RecordLayout.MODULE_COMING ->
          event(
              in,
              MODULE_COMING,
              List.of(
                  string("name", in.moduleName()),
                  string("param_values", readable(in, RecordLayout.PARAMS)),
                  unsigned("taints", C_UNSIGNED_LONG, in.int64(RecordLayout.VALUE))));
      case RecordLayout.MODULE_LOAD -> event(in, MODULE_LOAD, module(in, true));
      case RecordLayout.MODULE_INIT ->
          event(in, MODULE_INIT, List.of(string("name", in.moduleName())));
      case RecordLayout.MODULE_FREE -> event(in, MODULE_FREE, module(in, false));
      case RecordLayout.IMAGE ->
          throw new IllegalArgumentException("a record of an image is decoded with the image");
      default -> throw new IllegalArgumentException("no such kind of record: kind=" + kind);
    };
  }

  /**
   * Returns the system call in which a record was made, as an event without a return value: the
   * call has not returned.
   *
   * @param record any record made within a call
   */
  Event callWithoutReturn(ByteBuffer record) {
    return call(new RecordReader(record), null);
  }

  /**
   * Decodes the event of an image's record.
   *
   * @param record a record of the kind {@link RecordLayout#IMAGE}
   * @param image the image that was received
   */
  Event image(ByteBuffer record, CapturedImage image) {
    var in = new RecordReader(record);
    var args = new ArrayList<Argument>();
    CapturedImage.Bytes passed = image.passed();
    args.add(unsigned("size", C_UNSIGNED_LONG, passed.sizeBytes()));
    args.add(new Argument("complete", "bool", Value.of(passed.complete())));
    args.add(string("sha256", passed.sha256()));
    CapturedImage.Bytes decompressed = image.decompressed();
    if (decompressed != null && decompressed.complete()) {
      args.add(unsigned("decompressed_size", C_UNSIGNED_LONG, decompressed.sizeBytes()));
      args.add(string("decompressed_sha256", decompressed.sha256()));
    }
    if (in.has(RecordLayout.FLAG_SIG_CHECKED)) {
      args.add(
          new Argument(ImageReader.SIG_OK, "bool", Value.of(in.has(RecordLayout.FLAG_SIG_OK))));
      args.add(number(ImageReader.SIG_RET, in.int32(RecordLayout.SIG_RET)));
    }
    return event(
        in, MODULE_IMAGE, in.int64(RecordLayout.TIME_NANOS), 0L, args, contexts.decode(in, clock));
  }

  /** Decodes the return of a call that {@link #callWithoutReturn} reported before. */
  Event lateReturn(ByteBuffer record) {
    var in = new RecordReader(record);
    return event(
        in,
        INIT_MODULE_RETURN,
        in.int64(RecordLayout.CALL_TIME_NANOS),
        in.int64(RecordLayout.RET),
        callArguments(in),
        contexts.decode(in, clock));
  }

  /**
   * Decodes the held-back records of a source as one event.
   *
   * @param key a struct kw_held_key
   * @param held the struct kw_held of that key
   */
  Event suppressed(ByteBuffer key, ByteBuffer held) {
    int call = key.getInt(HeldLayout.KEY_CALL);
    int hostPid = held.getInt(HeldLayout.HOST_PID);
    long bootToEpochNanos = clock.offsetAt(held.getLong(HeldLayout.LAST_NANOS));
    boolean ofAll = key.getInt(HeldLayout.KEY_UID) == HeldLayout.ALL_USERS;
    long last = bootToEpochNanos + held.getLong(HeldLayout.LAST_NANOS);
    return Event.builder(ATTEMPTS_SUPPRESSED, last)
        .process(
            new ProcessContext(
                0,
                0,
                hostPid,
                hostPid,
                0,
                hostPid,
                hostPid,
                0,
                key.getLong(HeldLayout.KEY_CGROUP_ID),
                ofAll
                    ? ProcessContext.UNKNOWN_USER
                    : Integer.toUnsignedLong(key.getInt(HeldLayout.KEY_UID)),
                0,
                0,
                KernelStrings.decodeTerminated(held, HeldLayout.COMM, RecordLayout.COMM_BYTES),
                null,
                null))
        .eventId(EventIds.of(ATTEMPTS_SUPPRESSED))
        .returnValue(call == RecordLayout.NO_CALL ? null : key.getLong(HeldLayout.KEY_RET))
        .syscall(callName(call))
        .args(
            List.of(
                unsigned("count", C_UNSIGNED_LONG, held.getLong(HeldLayout.COUNT)),
                unsigned(
                    "no_room",
                    C_UNSIGNED_LONG,
                    Integer.toUnsignedLong(held.getInt(HeldLayout.NO_ROOM))),
                new Argument("many_users", "bool", Value.of(ofAll)),
                new Argument("request", "bool", Value.of(call == RecordLayout.NO_CALL_BUT_REQUEST)),
                unsigned(
                    "first",
                    C_UNSIGNED_LONG,
                    bootToEpochNanos + held.getLong(HeldLayout.FIRST_NANOS)),
                unsigned("last", C_UNSIGNED_LONG, last)))
        .build();
  }

  private Event call(RecordReader in, @Nullable Long returnValue) {
    return event(
        in,
        callName(in),
        in.int64(RecordLayout.CALL_TIME_NANOS),
        returnValue,
        callArguments(in),
        returnValue == null ? contexts.decodeOpenCall(in, clock) : contexts.decode(in, clock));
  }

  private static List<Argument> callArguments(RecordReader in) {
    long a0 = in.int64(RecordLayout.ARGS);
    long a1 = in.int64(RecordLayout.ARGS + 8);
    long a2 = in.int64(RecordLayout.ARGS + 16);
    boolean known = in.has(RecordLayout.FLAG_PARAMS_KNOWN);
    @Nullable String text = known ? in.string(RecordLayout.PARAMS) : null;
    return switch (in.int32(RecordLayout.CALL)) {
      case RecordLayout.INIT_MODULE ->
          List.of(
              unsigned("umod", "void*", a0),
              unsigned("len", C_UNSIGNED_LONG, a1),
              string("param_values", text));
      case RecordLayout.FINIT_MODULE ->
          List.of(number("fd", (int) a0), string("param_values", text), number("flags", (int) a2));
      case RecordLayout.DELETE_MODULE -> List.of(string("name", text), number("flags", (int) a1));
      default ->
          throw new IllegalArgumentException("no such call: call=" + in.int32(RecordLayout.CALL));
    };
  }

  private static String callName(RecordReader in) {
    return callName(in.int32(RecordLayout.CALL));
  }

  private static String callName(int call) {
    return switch (call) {
      case RecordLayout.INIT_MODULE -> INIT_MODULE;
      case RecordLayout.FINIT_MODULE -> FINIT_MODULE;
      case RecordLayout.DELETE_MODULE -> DELETE_MODULE;
      default -> "";
    };
  }

  private static List<Argument> module(RecordReader in, boolean withFile) {
    var args = new ArrayList<Argument>();
    args.add(string("name", in.moduleName()));
    args.add(string("version", in.string(RecordLayout.VERSION)));
    args.add(string("src_version", in.string(RecordLayout.SRCVERSION)));
    if (withFile
        && in.int32(RecordLayout.CALL) == RecordLayout.FINIT_MODULE
        && in.has(RecordLayout.FLAG_FILE_KNOWN)) {
      args.addAll(List.of(string("pathname", in.path()), dev(in), inode(in), ctime(in)));
    }
    return args;
  }

  /** Returns a string behind a pointer in the kernel; null if the programs cannot read strings. */
  private static @Nullable String readable(RecordReader in, int span) {
    return in.has(RecordLayout.FLAG_NO_STRINGS) ? null : in.string(span);
  }

  /**
   * Returns the module that is requested from the kernel; null if the programs cannot read strings.
   */
  private static @Nullable String alias(RecordReader in) {
    return in.has(RecordLayout.FLAG_NO_STRINGS)
        ? null
        : in.terminated(RecordLayout.ALIAS, RecordLayout.NAME_BYTES);
  }

  private static Argument dev(RecordReader in) {
    return unsigned("dev", "dev_t", in.unsigned32(RecordLayout.DEV));
  }

  private static Argument inode(RecordReader in) {
    return unsigned("inode", C_UNSIGNED_LONG, in.int64(RecordLayout.INO));
  }

  private static Argument ctime(RecordReader in) {
    return unsigned("ctime", C_UNSIGNED_LONG, in.int64(RecordLayout.CTIME_NANOS));
  }

  private Event event(RecordReader in, String name, List<Argument> args) {
    return event(
        in,
        name,
        in.int64(RecordLayout.TIME_NANOS),
        in.int64(RecordLayout.RET),
        args,
        contexts.decode(in, clock));
  }

  private Event event(
      RecordReader in,
      String name,
      long bootNanos,
      @Nullable Long returnValue,
      List<Argument> args,
      SensorContext context) {
    return Event.builder(name, clock.offsetAt(in.clockNanos()) + bootNanos)
        .process(process(in))
        .hostName(in.terminated(RecordLayout.NODE, RecordLayout.NODE_BYTES))
        .eventId(EventIds.of(name))
        .returnValue(returnValue)
        .syscall(callName(in))
        .compat(in.has(RecordLayout.FLAG_COMPAT))
        .args(args)
        .unknownFields(SensorContexts.toUnknownFields(context))
        .build();
  }

  private ProcessContext process(RecordReader in) {
    long started = in.int64(RecordLayout.START_TIME_NANOS);
    long bootToEpochNanos = clock.offsetAt(in.clockNanos());
    int hostTid = in.int32(RecordLayout.HOST_TID);
    int hostPid = in.int32(RecordLayout.HOST_PID);
    int hostPpid = in.int32(RecordLayout.HOST_PPID);
    return new ProcessContext(
        bootToEpochNanos + started,
        in.int32(RecordLayout.CPU),
        in.int32(RecordLayout.PID),
        in.int32(RecordLayout.TID),
        in.int32(RecordLayout.PPID),
        hostPid,
        hostTid,
        hostPpid,
        in.int64(RecordLayout.CGROUP_ID),
        in.unsigned32(RecordLayout.UID),
        in.unsigned32(RecordLayout.MNT_NS),
        in.unsigned32(RecordLayout.PID_NS),
        in.terminated(RecordLayout.COMM, RecordLayout.COMM_BYTES),
        in.plainPath(RecordLayout.EXE, in.has(RecordLayout.FLAG_EXE_CUT)),
        new ProcessContext.EntityIds(
            entityId(hostTid, started),
            entityId(hostPid, in.int64(RecordLayout.LEADER_START_TIME_NANOS)),
            entityId(hostPpid, in.int64(RecordLayout.PARENT_START_TIME_NANOS))));
  }

  /**
   * Hashes a host id and a start time since boot into 32 bits. The result is the same over a task's
   * life and over a restart of the sensor. It is the finalizer of MurmurHash3 over both.
   */
  static long entityId(int id, long startNanos) {
    long h = startNanos ^ (Integer.toUnsignedLong(id) * 0x9e3779b97f4a7c15L);
    h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
    h = (h ^ (h >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return (h ^ (h >>> 33)) & 0xffff_ffffL;
  }

  private static Argument string(String name, @Nullable String value) {
    return new Argument(name, C_STRING, value == null ? Value.NULL : Value.of(value));
  }

  private static Argument number(String name, int value) {
    return new Argument(name, C_INT, Value.of(value));
  }

  private static Argument unsigned(String name, String type, long value) {
    return new Argument(name, type, Value.ofUnsigned(value));
  }
}
