package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.KernelClock;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.RingPoll;

/**
 * Runs the sensor's work from its start to a load, on a machine that is not watched. It does
 * everything except load the programs into the kernel. Java's ahead-of-time cache is made from such
 * a run. It needs no privilege, and loads nothing.
 */
public final class Rehearsal {

  private static final int HOST_TID = 4242;
  private static final int IMAGE_BUFFER_BYTES = SensorOptions.MIN_IMAGE_BUFFER_BYTES;

  private Rehearsal() {}

  /** Binds libbpf and opens the programs, as far as this works without the kernel. */
  public static void start() {
    var canary = new Canary(flags -> 0, KernelClock::bootNanos, SecureRandom::new);
    canary.tick(KernelClock.bootNanos(), KernelClock.bootNanos(), EnumSet.allOf(Canary.Way.class));
    try (var poll = new RingPoll(List.of())) {
      LibBpf lib = LibBpf.load();
      poll.await(Duration.ZERO);
      for (Reads reads : Reads.values()) {
        Programs.open(lib, reads, IMAGE_BUFFER_BYTES).close();
      }
      try (KernelBtf btf = KernelBtf.ofRunningKernel(lib)) {
        var missing = new EnumMap<Hook, HookStatus>(Hook.class);
        var _ = Programs.presentHooks(btf, missing);
      }
    } catch (KernelException withoutLibbpfOrBtf) {
      // Without libbpf or BTF, less is rehearsed.
    }
  }

  /**
   * Returns the events of one load by {@code finit_module}, decoded from records like those of the
   * programs.
   *
   * @param module the bytes of the loaded module
   * @param images reads them
   */
  public static List<Event> load(byte[] module, ImageReader images) {
    var types =
        KernelTypes.of(Map.of(2, "READING_MODULE", 3, "READING_MODULE_COMPRESSED"), Map.of());
    var decoder =
        new RecordDecoder(types, () -> null, WallClock.of(KernelClock.bootToEpochNanos()));
    long callTime = KernelClock.bootNanos();
    var events = new ArrayList<Event>();
    events.add(decoder.decode(record(RecordLayout.READ_FILE, callTime)));
    events.add(decoder.decode(record(RecordLayout.POST_READ_FILE, callTime)));
    events.add(image(decoder, callTime, module, images));
    events.add(decoder.decode(record(RecordLayout.MODULE_COMING, callTime)));
    events.add(decoder.decode(record(RecordLayout.MODULE_LOAD, callTime)));
    events.add(decoder.decode(record(RecordLayout.CALL_RETURN, callTime)));
    return events;
  }

  private static Event image(
      RecordDecoder decoder, long callTime, byte[] module, ImageReader images) {
    ByteBuffer record = record(RecordLayout.IMAGE, callTime);
    try (var assembler = new ImageAssembler()) {
      for (int at = 0; at < module.length; at += ChunkLayout.BYTES) {
        assembler.add(chunk(module, at, callTime), 0);
      }
      return assembler.use(
          HOST_TID,
          callTime,
          module.length,
          captured -> images.read(decoder.image(record, captured), captured));
    }
  }

  private static ByteBuffer record(int kind, long callTime) {
    byte[] exe = text("kmod\0bin\0usr\0");
    byte[] path = text("training.ko\0root\0");
    ByteBuffer record =
        ByteBuffer.allocate(RecordLayout.DATA + exe.length + path.length + 1)
            .order(ByteOrder.nativeOrder());
    record.putInt(RecordLayout.KIND, kind);
    record.putInt(RecordLayout.CALL, RecordLayout.FINIT_MODULE);
    record.putLong(RecordLayout.TIME_NANOS, callTime + kind);
    record.putLong(RecordLayout.CALL_TIME_NANOS, callTime);
    record.putInt(
        RecordLayout.FLAGS, RecordLayout.FLAG_FILE_KNOWN | RecordLayout.FLAG_PARAMS_KNOWN);
    record.putInt(RecordLayout.ID, 2);
    for (int field :
        List.of(RecordLayout.HOST_PID, RecordLayout.HOST_TID, RecordLayout.PID, RecordLayout.TID)) {
      record.putInt(field, HOST_TID);
    }
    record.put(RecordLayout.COMM, text("insmod"));
    record.put(RecordLayout.NODE, text("training"));
    record.put(RecordLayout.NAME, text("training"));
    int at = put(record, RecordLayout.EXE, 0, exe);
    at = put(record, RecordLayout.PATH, at, path);
    record.putInt(RecordLayout.DATA_LEN, at);
    return record;
  }

  /** Appends a string and its span. Returns the place of the next string. */
  private static int put(ByteBuffer record, int span, int at, byte[] bytes) {
    record.putShort(span, (short) at).putShort(span + 2, (short) bytes.length);
    record.put(RecordLayout.DATA + at, bytes);
    return at + bytes.length;
  }

  private static ByteBuffer chunk(byte[] module, int at, long callTime) {
    int length = Math.min(ChunkLayout.BYTES, module.length - at);
    ByteBuffer chunk =
        ByteBuffer.allocate(ChunkLayout.DATA + length).order(ByteOrder.nativeOrder());
    chunk.putLong(ChunkLayout.CALL_TIME_NANOS, callTime);
    chunk.putLong(ChunkLayout.SIZE, module.length);
    chunk.putLong(ChunkLayout.OFFSET, at);
    chunk.putInt(ChunkLayout.HOST_TID, HOST_TID);
    chunk.putInt(ChunkLayout.LEN, length);
    chunk.putInt(ChunkLayout.KIND, ChunkLayout.HANDED_OVER);
    return chunk.put(ChunkLayout.DATA, module, at, length);
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
