package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.kernel.FolderLock;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.KernelClock;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.ModuleCalls;
import org.kmodwatch.sensor.kernel.RingBuffer;
import org.kmodwatch.sensor.kernel.RingPoll;

/**
 * The live sensor. One platform thread starts it, polls it, drains it and closes it; {@link
 * #wakeUp} alone may come from another.
 *
 * <p>At the end: {@link #detach}, {@link #drain}, {@link #close}.
 */
public final class Sensor implements AutoCloseable {

  /** What Kmodwatch cannot say of a kernel that is locked down for confidentiality. */
  public static final String LOST_IN_LOCKDOWN =
      "the bytes that were loaded (instead of them the file is hashed, where its path is known),"
          + " parameters, command lines, cgroup paths and so containers, what an autoload was asked"
          + " for, names of 32 bytes or more in paths, and in paths of other mounts than that of /"
          + " where they are mounted";

  /** The set clock is looked at this often, so that events follow it when it is set. */
  private static final long CLOCK_CHECK_NANOS = 1_000_000_000L;

  /** How many settings of the clock wait to be asked for; of more the latest are left out. */
  private static final int MAX_CLOCK_STEPS = 16;

  /** How much of a ring is mapped at once, all of which counts as our memory. */
  private static final int WINDOW_BYTES = 128 << 10;

  private static final Path MODPROBE_PATH = Path.of("/proc/sys/kernel/modprobe");

  /** How often the account is compared with what it was. */
  private static final long CHECK_NANOS = 1_000_000_000L;

  /** From one look at the rings to the next, while what was read is kept in them. */
  private static final Duration COMMIT_PAUSE = Duration.ofMillis(50);

  private static final Path PROC = Path.of("/proc");
  private static final Path SYS = Path.of("/sys");
  private static final Path FTRACE_ENABLED = Path.of("/proc/sys/kernel/ftrace_enabled");

  private final Programs programs;
  private final LaneReader lanes;
  private final List<RingBuffer> images;
  private final RingPoll rings;
  private final ImageAssembler assembler = new ImageAssembler();
  private final ImageReader imageReader;
  private final RecordDecoder decoder;
  private final OpenCalls openCalls = new OpenCalls();
  private final Control control;
  private final boolean pinned;
  private final Canary canary;
  private final Set<Canary.Way> canaryWays;
  private final HeldBack heldBack;
  private final ModuleTable moduleTable;
  private final DeadAttempts deadAttempts;
  private final WallClock clock;
  private final List<ClockStep> clockSteps = new ArrayList<>();
  private long clockCheckedBootNanos;
  private long malformedChunks;
  private int handed;
  private long seenUpToBootNanos;
  private long checkedBootNanos;
  private SensorStatistics checked;
  private List<SensorFault> faults = List.of();
  private boolean closed;

  /** The folder of pins, which belongs to one process at a time; null if nothing is pinned. */
  private @Nullable FolderLock owned;

  private Sensor(
      Programs programs,
      RingBuffer attempts,
      RingBuffer loads,
      List<RingBuffer> images,
      SensorOptions options,
      KernelTypes types) {
    this.programs = programs;
    this.control = new Control(programs.maps());
    this.clockCheckedBootNanos = KernelClock.bootNanos();
    this.clock = clock(control.clockSettings());
    control.setClockSettings(clock.settings());
    control.setCanaryPid(ModuleCalls.processId());
    this.lanes = new LaneReader(attempts, loads);
    this.images = images;
    this.rings = new RingPoll(Stream.concat(Stream.of(attempts, loads), images.stream()).toList());
    this.imageReader = options.images();
    this.pinned = options.pins() != null;
    this.canary = new Canary(ModuleCalls::refusedFinitModule, SecureRandom::new);
    this.canaryWays = canaryWays(!images.isEmpty());
    this.heldBack = new HeldBack(programs.maps(), control);
    this.moduleTable = new ModuleTable(programs.maps(), clock::offsetAt);
    this.deadAttempts = new DeadAttempts(programs.maps().map("attempts", Integer.BYTES, 0), PROC);
    if (pinned) {
      lanes.keepUntilCommitted();
      images.forEach(RingBuffer::keepUntilCommitted);
      resume(Lane.ATTEMPTS, RecordLayout.COUNTER_ATTEMPTS_SENT);
      resume(Lane.LOADS, RecordLayout.COUNTER_LOADS_SENT);
    }
    this.checked = statistics();
    this.decoder = new RecordDecoder(types, Sensor::modprobePath, clock);
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
    try (KernelBtf btf = kernelBtf(lib)) {
      FolderLock owned = options.pins() == null ? null : PinFolder.own(options.pins());
      try {
        Sensor sensor = start(lib, btf, options);
        sensor.owned = owned;
        return sensor;
      } catch (RuntimeException e) {
        if (owned != null) {
          owned.close();
        }
        throw e;
      }
    }
  }

  private static Sensor start(LibBpf lib, KernelBtf btf, SensorOptions options) {
    Programs programs = Programs.attach(lib, btf, options.imageBufferBytes(), options.pins());
    try {
      int imageBytes = programs.reads().imageBufferBytes(options.imageBufferBytes());
      RingBuffer attempts = laneRing(programs, "ring_attempts");
      RingBuffer loads = laneRing(programs, "ring_loads");
      List<RingBuffer> images = imageBytes == 0 ? List.of() : imageRings(programs, imageBytes);
      return new Sensor(programs, attempts, loads, images, options, kernelTypes(btf));
    } catch (KernelException e) {
      programs.close();
      throw new SensorException(e.getMessage(), "", e.mayPass());
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
    if (uncommittedBytes() > 0) {
      // What was read and not given back would end any wait at once.
      rings.pause(timeout.compareTo(COMMIT_PAUSE) < 0 ? timeout : COMMIT_PAUSE);
    } else {
      rings.await(timeout);
    }
    return read(sink);
  }

  /**
   * Whether this kernel lets the programs read no strings and no bytes of modules, since it is
   * locked down for confidentiality; {@link #LOST_IN_LOCKDOWN} then is.
   */
  public boolean isWithoutStrings() {
    return programs.reads() == Reads.DIRECT;
  }

  /** Whether the programs were on their hooks already: another process has gone before. */
  public boolean isResumed() {
    return programs.areTakenOver();
  }

  /** What other programs that were pinned kept as these replaced them, and nobody will read. */
  public List<LeftBehind> leftBehind() {
    return programs.leftBehind();
  }

  /** Whether the programs go on without this process, and the next one finds what it left. */
  public boolean isPinned() {
    return pinned && programs.arePinned();
  }

  /**
   * Whether so much was read and not {@link #commit committed} that the rings are about to be short
   * of room.
   */
  public boolean mustCommit() {
    return uncommittedBytes() > RecordLayout.RING_BYTES / 2
        || images.stream().anyMatch(RingBuffer::isHalfUncommitted);
  }

  /**
   * Lets go of all that was handed over so far: no other process will find it again. Without pins
   * everything is let go of at once.
   */
  public void commit() {
    lanes.commit();
    if (pinned) {
      control.setReceived(
          lanes.account(Lane.ATTEMPTS).received(), lanes.account(Lane.LOADS).received());
    }
    images.forEach(RingBuffer::commit);
  }

  private long uncommittedBytes() {
    return pinned ? lanes.uncommittedBytes() : 0;
  }

  /** Makes a {@link #poll} that is waiting return; from any thread, until {@link #close}. */
  public void wakeUp() {
    rings.wakeUp();
  }

  /** Takes the programs off the kernel; what is in the ring stays there for {@link #drain}. */
  public void detach() {
    programs.detach();
  }

  /**
   * Hands over what is left after {@link #detach}, calls that have not returned included, unless
   * the programs are pinned: then those are left to the next process.
   */
  public int drain(Consumer<Event> sink) {
    handed = 0;
    boolean ignored = lanes.read((lane, record) -> accept(lane, copyOf(record), sink));
    if (isPinned()) {
      return handed;
    }
    for (ByteBuffer record : openCalls.takeAll()) {
      sink.accept(decoder.callWithoutReturn(record));
      handed++;
    }
    return handed + heldBack.finish(decoder, sink);
  }

  /** The account so far. */
  public SensorStatistics statistics() {
    long[] counters = programs.maps().sumsOfPerCpuArray("counters", RecordLayout.COUNTERS);
    long recovered = counters[RecordLayout.COUNTER_ATTEMPTS_RECOVERED];
    return new SensorStatistics(
        statistics(
            Lane.ATTEMPTS,
            counters[RecordLayout.COUNTER_ATTEMPTS_SENT] - recovered,
            counters[RecordLayout.COUNTER_ATTEMPTS_HELD],
            counters[RecordLayout.COUNTER_ATTEMPTS_RING_FULL] - recovered),
        statistics(
            Lane.LOADS,
            counters[RecordLayout.COUNTER_LOADS_SENT],
            0,
            counters[RecordLayout.COUNTER_LOADS_RING_FULL]),
        counters[RecordLayout.COUNTER_NO_WORK_SPACE],
        counters[RecordLayout.COUNTER_IMAGES_SEEN],
        counters[RecordLayout.COUNTER_IMAGES_CUT],
        malformedChunks,
        counters[RecordLayout.COUNTER_HELD_UNLISTED],
        programs.misses());
  }

  /** The account as it was a second ago at most: that of the last {@link #poll} but for its end. */
  public SensorStatistics recentStatistics() {
    return checked;
  }

  /**
   * Up to when everything that happened has been handed over: what is overdue is so by this,
   * however far behind the reader is. On the scale of {@link
   * org.kmodwatch.core.event.SensorContexts#steadyNanos}, which nobody can set.
   */
  public long seenUpToNanos() {
    return clock.steadyNanos(seenUpToBootNanos);
  }

  /**
   * How the clock was set since the last time that this was asked, as of the last {@link #poll}.
   */
  public List<ClockStep> takeClockSteps() {
    if (clockSteps.isEmpty()) {
      return List.of();
    }
    List<ClockStep> steps = List.copyOf(clockSteps);
    clockSteps.clear();
    return steps;
  }

  /** The modules that the programs saw come in and not go. */
  public LoadedModules loadedModules() {
    return moduleTable;
  }

  /** What does not see what it should, as of the last {@link #poll}. */
  public List<SensorFault> faults() {
    return faults;
  }

  private SensorStatistics.OfLane statistics(Lane lane, long sent, long held, long ringFull) {
    LaneReader.Account account = lanes.account(lane);
    return new SensorStatistics.OfLane(
        sent + held, account.delivered(), held, ringFull, account.malformedCount(), account.gaps());
  }

  /** Detaches and frees everything; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      rings.close();
      lanes.close();
      images.forEach(RingBuffer::close);
      assembler.close();
      programs.close();
      if (owned != null) {
        owned.close();
      }
    }
  }

  /** None in a pid namespace of our own: the programs would not know our call for the canary's. */
  private static Set<Canary.Way> canaryWays(boolean withImages) {
    if (!PidNamespace.isInitial(PROC)) {
      return EnumSet.noneOf(Canary.Way.class);
    }
    return withImages
        ? EnumSet.allOf(Canary.Way.class)
        : EnumSet.of(Canary.Way.ATTEMPTS, Canary.Way.LOADS);
  }

  private void resume(Lane lane, int counter) {
    lanes.account(lane).resume(control.received(lane), programs.maps().perCpu("counters", counter));
  }

  private static RingBuffer laneRing(Programs programs, String name) {
    return programs.maps().ringBuffer(name, RecordLayout.RING_BYTES, WINDOW_BYTES);
  }

  private static List<RingBuffer> imageRings(Programs programs, int imageBytes) {
    int rest = ChunkLayout.REST_RING_BYTES;
    return List.of(
        programs.maps().ringBuffer("images", imageBytes, WINDOW_BYTES),
        programs.maps().ringBuffer("images_rest", rest, WINDOW_BYTES));
  }

  private int read(Consumer<Event> sink) {
    long now = KernelClock.bootNanos();
    followClock(now);
    canary.tick(now, canaryWays);
    readImages();
    handed = 0;
    if (lanes.read((lane, record) -> accept(lane, copyOf(record), sink))) {
      seenUpToBootNanos = now;
    }
    for (ByteBuffer record : openCalls.overdue(seenUpToBootNanos)) {
      sink.accept(decoder.callWithoutReturn(record));
      handed++;
    }
    if (now - checkedBootNanos >= CHECK_NANOS) {
      checkedBootNanos = now;
      SensorStatistics statistics = statistics();
      heldBack.tick(now, statistics.suppressed(), decoder, sink);
      deadAttempts.giveBack();
      for (ByteBuffer record : openCalls.ofTheDead(now, deadAttempts::isDead)) {
        sink.accept(decoder.callWithoutReturn(record));
        handed++;
      }
      faults = faults(statistics);
      checked = statistics;
    }
    return handed;
  }

  private List<SensorFault> faults(SensorStatistics statistics) {
    var found = new ArrayList<>(canary.faults());
    String ftrace = KernelFile.line(FTRACE_ENABLED);
    if (ftrace != null && !ftrace.equals("1")) {
      found.add(
          new SensorFault(
              "ftrace",
              "kernel.ftrace_enabled=%s: no hook on calls and checks fires; tracepoints go on"
                  .formatted(ftrace)));
    }
    found.addAll(programs.detached());
    if (statistics.seen() < checked.seen()
        || statistics.attempts().gaps() > statistics.attempts().seen()
        || statistics.loads().gaps() > statistics.loads().ringFull()) {
      found.add(
          new SensorFault(
              "counters", "the account in the kernel does not fit what came: it was written to"));
    }
    return List.copyOf(found);
  }

  private void accept(Lane lane, ByteBuffer record, Consumer<Event> sink) {
    LaneReader.Account account = lanes.account(lane);
    try {
      int position = record.position();
      if (record.remaining() >= RecordLayout.DATA
          && record.getInt(position + RecordLayout.KIND) == RecordLayout.CANARY) {
        canary.heard(
            lane == Lane.LOADS ? Canary.Way.LOADS : Canary.Way.ATTEMPTS,
            (int) record.getLong(position + RecordLayout.ARGS + 16));
        return;
      }
      account.received(record);
      if (isCanaryOfAnother(record)) {
        return;
      }
      if (isInitSeenByItsModuleAlone(record)) {
        // Nothing else tells of this call, and there is none to wait for.
        sink.accept(decoder.callWithoutReturn(record));
      }
      sink.accept(decode(record));
      handed++;
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      account.malformed();
    }
  }

  /**
   * In the heap: decoding looks at a record a hundred times, and each look at the ring's own memory
   * is checked for more; and the last record of each call is kept.
   */
  private static ByteBuffer copyOf(ByteBuffer record) {
    var copy = new byte[record.remaining()];
    record.get(record.position(), copy);
    return ByteBuffer.wrap(copy).order(record.order());
  }

  /**
   * Whether it is the call by which another agent on this machine looks whether it sees: with no
   * descriptor and such flags nothing can be loaded, whoever makes it.
   */
  private static boolean isCanaryOfAnother(ByteBuffer record) {
    int position = record.position();
    return record.getInt(position + RecordLayout.KIND) == RecordLayout.CALL_RETURN
        && record.getInt(position + RecordLayout.CALL) == RecordLayout.FINIT_MODULE
        && record.getLong(position + RecordLayout.RET) < 0
        && Canary.isOne(
            (int) record.getLong(position + RecordLayout.ARGS),
            (int) record.getLong(position + RecordLayout.ARGS + 16));
  }

  private static boolean isInitSeenByItsModuleAlone(ByteBuffer record) {
    int position = record.position();
    return record.getInt(position + RecordLayout.KIND) == RecordLayout.MODULE_LOAD
        && record.getInt(position + RecordLayout.CALL) == RecordLayout.INIT_MODULE
        && isEntryMissed(record);
  }

  private static boolean isEntryMissed(ByteBuffer record) {
    return (record.getInt(record.position() + RecordLayout.FLAGS) & RecordLayout.FLAG_ENTRY_MISSED)
        != 0;
  }

  private void readImages() {
    for (RingBuffer image : images) {
      image.read(this::acceptChunk);
    }
  }

  private void acceptChunk(ByteBuffer chunk) {
    try {
      int position = chunk.position();
      if (chunk.getInt(position + ChunkLayout.KIND) == ChunkLayout.NO_IMAGE) {
        canary.heard(Canary.Way.IMAGES, (int) chunk.getLong(position + ChunkLayout.OFFSET));
      } else {
        assembler.add(chunk);
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      malformedChunks++;
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
    if (record.getInt(position + RecordLayout.CALL) != RecordLayout.NO_CALL
        && !isEntryMissed(record)) {
      openCalls.note(record);
    }
    return event;
  }

  private void followClock(long nowBootNanos) {
    if (nowBootNanos - clockCheckedBootNanos < CLOCK_CHECK_NANOS) {
      return;
    }
    clockCheckedBootNanos = nowBootNanos;
    long before = clock.offsetAt(nowBootNanos);
    long offset = KernelClock.bootToEpochNanos();
    if (clock.follow(nowBootNanos, offset)) {
      clockStep(before, offset);
      control.setClockSettings(clock.settings());
    }
  }

  /** Goes on from the last process's, so that the same events have the same times and ids. */
  private WallClock clock(List<WallClock.Setting> left) {
    long offset = KernelClock.bootToEpochNanos();
    WallClock followed = WallClock.after(left, clockCheckedBootNanos, offset);
    if (followed.settings().size() > 1 && !left.contains(followed.settings().getLast())) {
      clockStep(left.getLast().offsetNanos(), offset);
    }
    return followed;
  }

  private void clockStep(long before, long after) {
    if (clockSteps.size() < MAX_CLOCK_STEPS) {
      clockSteps.add(
          new ClockStep(
              Instant.ofEpochSecond(0, clockCheckedBootNanos + before),
              Instant.ofEpochSecond(0, clockCheckedBootNanos + after)));
    }
  }

  /** What the kernel starts to load a module now; null if that cannot be read. */
  private static @Nullable String modprobePath() {
    return KernelFile.line(MODPROBE_PATH);
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
      if (e.mayPass()) {
        throw new SensorException(e.getMessage(), "", true);
      }
      throw new SensorException(e.getMessage() + "; " + MissingBtf.remedy(SYS), "");
    }
  }

  private static KernelTypes kernelTypes(KernelBtf btf) {
    return KernelTypes.of(
        btf.enumerators("kernel_read_file_id"), btf.enumerators("kernel_load_data_id"));
  }
}
