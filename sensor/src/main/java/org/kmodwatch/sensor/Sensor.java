package org.kmodwatch.sensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.KernelClock;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.RingBuffer;
import org.kmodwatch.sensor.kernel.RingPoll;

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

  /** How much of a large ring is mapped at once: what is mapped and read counts as our memory. */
  private static final int WINDOW_BYTES = 1 << 20;

  private static final Path MODPROBE_PATH = Path.of("/proc/sys/kernel/modprobe");

  private final Programs programs;
  private final RingBuffer ring;
  private final List<RingBuffer> images;
  private final RingPoll rings;
  private final ImageAssembler assembler = new ImageAssembler();
  private final ImageReader imageReader;
  private final RecordDecoder decoder;
  private final OpenCalls openCalls = new OpenCalls();
  private long bootToEpochNanos;
  private long clockCheckedBootNanos;
  private long delivered;
  private long malformed;
  private boolean closed;

  private Sensor(
      Programs programs,
      RingBuffer ring,
      List<RingBuffer> images,
      ImageReader imageReader,
      KernelTypes types) {
    this.programs = programs;
    this.ring = ring;
    this.images = images;
    this.rings = new RingPoll(Stream.concat(Stream.of(ring), images.stream()).toList());
    this.imageReader = imageReader;
    this.bootToEpochNanos = KernelClock.bootToEpochNanos();
    this.clockCheckedBootNanos = KernelClock.bootNanos();
    this.decoder = new RecordDecoder(types, Sensor::modprobePath, bootToEpochNanos);
  }

  /**
   * Loads and attaches every hook that this kernel has.
   *
   * @param options memory for images, and who looks at them
   * @throws SensorException if a required hook cannot be attached, or libbpf, BTF, or the privilege
   *     is missing
   */
  public static Sensor start(SensorOptions options) {
    LibBpf lib = libBpf();
    int imageBytes = options.imageBufferBytes();
    try (KernelBtf btf = kernelBtf(lib)) {
      Programs programs = Programs.attach(lib, btf, imageBytes);
      try {
        RingBuffer ring =
            programs.object().ringBuffer("ring", RecordLayout.RING_BYTES, WINDOW_BYTES);
        List<RingBuffer> images = imageBytes == 0 ? List.of() : imageRings(programs, imageBytes);
        return new Sensor(programs, ring, images, options.images(), kernelTypes(btf));
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
    rings.await(timeout);
    return read(sink);
  }

  /** Makes a {@link #poll} that is waiting return; from any thread, until {@link #close}. */
  public void wakeUp() {
    rings.wakeUp();
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
        malformed,
        counters[RecordLayout.COUNTER_IMAGES_SEEN],
        counters[RecordLayout.COUNTER_IMAGES_CUT]);
  }

  /** Detaches and frees everything; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      rings.close();
      ring.close();
      images.forEach(RingBuffer::close);
      assembler.close();
      programs.close();
    }
  }

  private static List<RingBuffer> imageRings(Programs programs, int imageBytes) {
    int rest = ChunkLayout.REST_RING_BYTES;
    return List.of(
        programs.object().ringBuffer("images", imageBytes, WINDOW_BYTES),
        programs.object().ringBuffer("images_rest", rest, WINDOW_BYTES));
  }

  private int read(Consumer<Event> sink) {
    long now = KernelClock.bootNanos();
    followClock(now);
    readImages();
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

  private void readImages() {
    for (RingBuffer image : images) {
      image.read(this::acceptChunk);
    }
  }

  private void acceptChunk(ByteBuffer chunk) {
    try {
      assembler.add(chunk);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      malformed++;
    }
  }

  /** The event of an image: all its chunks were sent before the record that tells of it. */
  private Event image(ByteBuffer record) {
    readImages();
    int position = record.position();
    return assembler.use(
        record.getInt(position + RecordLayout.HOST_TID),
        record.getLong(position + RecordLayout.CALL_TIME_NANOS),
        record.getLong(position + RecordLayout.VALUE),
        image -> imageReader.read(decoder.image(record, image), image));
  }

  private Event decode(ByteBuffer record) {
    int position = record.position();
    int kind = record.getInt(position + RecordLayout.KIND);
    Event event = kind == RecordLayout.IMAGE ? image(record) : decoder.decode(record);
    if (kind == RecordLayout.CALL_RETURN) {
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
