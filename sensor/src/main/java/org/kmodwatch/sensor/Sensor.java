package org.kmodwatch.sensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.KernelClock;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.RingBuffer;

/**
 * The live sensor. One platform thread starts it, polls it, drains it and closes it; {@link
 * #wakeUp} alone may come from another.
 *
 * <p>At the end: {@link #detach}, {@link #drain}, {@link #close}.
 */
public final class Sensor implements AutoCloseable {

  /** The set clock is looked at this often, so that events follow it when it is set. */
  private static final long CLOCK_CHECK_NANOS = 1_000_000_000L;

  /**
   * A step of the clock that is smaller than this is slewing, and is not followed within a second.
   */
  private static final long CLOCK_STEP_NANOS = 1_000_000L;

  private static final Path MODPROBE_PATH = Path.of("/proc/sys/kernel/modprobe");

  private final Programs programs;
  private final RingBuffer ring;
  private final RecordDecoder decoder;
  private final OpenCalls openCalls = new OpenCalls();
  private long bootToEpochNanos;
  private long clockCheckedBootNanos;
  private long delivered;
  private long malformed;
  private boolean closed;

  private Sensor(Programs programs, RingBuffer ring, KernelTypes types) {
    this.programs = programs;
    this.ring = ring;
    this.bootToEpochNanos = KernelClock.bootToEpochNanos();
    this.clockCheckedBootNanos = KernelClock.bootNanos();
    this.decoder = new RecordDecoder(types, Sensor::modprobePath, bootToEpochNanos);
  }

  /**
   * Loads and attaches every hook that this kernel has.
   *
   * @throws SensorException if a required hook cannot be attached, or libbpf, BTF, or the privilege
   *     is missing
   */
  public static Sensor start() {
    LibBpf lib = libBpf();
    try (KernelBtf btf = kernelBtf(lib)) {
      Programs programs = Programs.attach(lib, btf);
      try {
        RingBuffer ring = programs.object().ringBuffer("ring", RecordLayout.RING_BYTES);
        return new Sensor(programs, ring, kernelTypes(btf));
      } catch (KernelException e) {
        programs.close();
        throw new SensorException(e.getMessage(), "");
      }
    }
  }

  /**
   * Loads and attaches every hook that this kernel has, required or not, and takes them off again:
   * what {@code doctor} shows.
   *
   * @throws SensorException if nothing at all can be tried: no libbpf, no BTF
   */
  public static List<HookStatus> probeHooks() {
    LibBpf lib = libBpf();
    try (KernelBtf btf = kernelBtf(lib)) {
      return Programs.probe(lib, btf);
    }
  }

  /** What became of each hook of this machine, in the order of {@link Hook}. */
  public List<HookStatus> hooks() {
    return programs.statuses();
  }

  /**
   * Hands over the events that are there, waiting for the first at most {@code timeout}.
   *
   * @param sink takes each event, on the calling thread
   * @return how many were handed over; 0 after a time-out or {@link #wakeUp}
   */
  public int poll(Duration timeout, Consumer<Event> sink) {
    ring.await(timeout);
    return read(sink);
  }

  /** Makes a {@link #poll} that is waiting return; from any thread, until {@link #close}. */
  public void wakeUp() {
    ring.wakeUp();
  }

  /** Takes the programs off the kernel; what is in the ring stays there for {@link #drain}. */
  public void detach() {
    programs.object().detach();
  }

  /** Hands over what is left after {@link #detach}, calls that have not returned included. */
  public int drain(Consumer<Event> sink) {
    int events = read(sink);
    for (ByteBuffer record : openCalls.takeAll()) {
      sink.accept(decoder.callWithoutReturn(record));
      events++;
    }
    return events;
  }

  /** The account so far. */
  public SensorStatistics statistics() {
    long[] counters = programs.object().sumsOfPerCpuArray("counters", RecordLayout.COUNTERS);
    return new SensorStatistics(
        counters[RecordLayout.COUNTER_SEEN],
        delivered,
        counters[RecordLayout.COUNTER_LOST_RING_FULL],
        counters[RecordLayout.COUNTER_LOST_NO_SCRATCH],
        malformed);
  }

  /** Detaches and frees everything; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ring.close();
      programs.close();
    }
  }

  private int read(Consumer<Event> sink) {
    long now = KernelClock.bootNanos();
    followClock(now);
    int events = ring.read(record -> accept(record, sink));
    for (ByteBuffer record : openCalls.overdue(now)) {
      sink.accept(decoder.callWithoutReturn(record));
      events++;
    }
    return events;
  }

  private void accept(ByteBuffer record, Consumer<Event> sink) {
    Event event;
    try {
      event = decode(record);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      malformed++;
      return;
    }
    delivered++;
    sink.accept(event);
  }

  private Event decode(ByteBuffer record) {
    Event event = decoder.decode(record);
    int position = record.position();
    if (record.getInt(position + RecordLayout.KIND) == RecordLayout.CALL_RETURN) {
      return openCalls.returned(record) ? decoder.lateReturn(record) : event;
    }
    if (record.getInt(position + RecordLayout.CALL) != RecordLayout.NO_CALL) {
      openCalls.note(record);
    }
    return event;
  }

  private void followClock(long nowBootNanos) {
    if (nowBootNanos - clockCheckedBootNanos < CLOCK_CHECK_NANOS) {
      return;
    }
    clockCheckedBootNanos = nowBootNanos;
    long offset = KernelClock.bootToEpochNanos();
    if (Math.abs(offset - bootToEpochNanos) >= CLOCK_STEP_NANOS) {
      bootToEpochNanos = offset;
      decoder.setBootToEpochNanos(offset);
    }
  }

  /** What the kernel starts to load a module now; null if that cannot be read. */
  private static @Nullable String modprobePath() {
    try {
      return Files.readString(MODPROBE_PATH).strip();
    } catch (IOException e) {
      return null;
    }
  }

  private static LibBpf libBpf() {
    try {
      return LibBpf.load();
    } catch (KernelException e) {
      throw new SensorException(e.getMessage() + "; install it: apt-get install libbpf1", "");
    }
  }

  private static KernelBtf kernelBtf(LibBpf lib) {
    try {
      return KernelBtf.ofRunningKernel(lib);
    } catch (KernelException e) {
      throw new SensorException(
          e.getMessage()
              + "; the kernel must be built with CONFIG_DEBUG_INFO_BTF, as those of Debian 11 and"
              + " newer are",
          "");
    }
  }

  private static KernelTypes kernelTypes(KernelBtf btf) {
    return KernelTypes.of(
        btf.enumerators("kernel_read_file_id"), btf.enumerators("kernel_load_data_id"));
  }
}
