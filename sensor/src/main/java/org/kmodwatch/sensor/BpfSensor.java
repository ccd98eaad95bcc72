package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.CanaryCall;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.KernelClock;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.ModuleCalls;
import org.kmodwatch.sensor.kernel.RingBuffer;
import org.kmodwatch.sensor.kernel.RingPoll;

/**
 * The sensor on eBPF programs: loads and attaches them, reads their rings, and keeps the account.
 * One platform thread uses it; only {@link #wakeUp} may be called from another thread.
 */
final class BpfSensor implements Sensor {

  /** How often the clock is checked, so that events follow a change of it. */
  private static final long CLOCK_CHECK_NANOS = 1_000_000_000L;

  /** How many clock settings wait to be read. If there are more, the latest are left out. */
  private static final int MAX_CLOCK_STEPS = 16;

  /** How much of a ring is mapped at once. All of it counts as this process's memory. */
  static final int WINDOW_BYTES = 128 << 10;

  private static final List<String> IMAGE_RINGS = List.of("images", "images_rest");

  private static final Path MODPROBE_PATH = Path.of("/proc/sys/kernel/modprobe");

  /** How long reading may take at the end if the next process can read the remaining records. */
  private static final Duration PINNED_DRAIN_LIMIT = Duration.ofSeconds(5);

  /** How long reading may take at the end if unread records are lost. No more arrive by then. */
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(75);

  /** The longest time that a program may still run at the end. No program needs as much. */
  private static final long LAST_PROGRAM_NANOS = 200_000_000L;

  /** How long to wait for a record that is being written. */
  private static final Duration BUSY_PAUSE = Duration.ofMillis(10);

  /** How much earlier than a record another record behind it in the ring may be. */
  private static final long DISORDER_NANOS = 1_000_000_000L;

  /** How many bytes of the images are read before the records. */
  private static final long IMAGE_BYTES_A_PASS = 8L << 20;

  /** How often the account is compared with its last state. */
  private static final long CHECK_NANOS = 1_000_000_000L;

  /** The longest time between two comparisons of the account while there is much to read. */
  private static final long MAX_CHECK_NANOS = 5_000_000_000L;

  /** The time between two checks of the rings while read records are kept in them. */
  private static final Duration COMMIT_PAUSE = Duration.ofMillis(50);

  private static final Path PROC = Path.of("/proc");
  private static final Path SYS = Path.of("/sys");
  private static final Path FTRACE_ENABLED = Path.of("/proc/sys/kernel/ftrace_enabled");

  private final Programs programs;
  private final LaneReader lanes;
  private final List<RingBuffer> images;
  private final RingPoll rings;
  private final Shortfall attemptsShortfall = new Shortfall();
  private final Shortfall loadsShortfall = new Shortfall();
  private final RecentFaults recentFaults = new RecentFaults();
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
  private long imagesSeenUpToBootNanos;
  private long roundBeganBootNanos;
  private boolean behind;
  private boolean ended;
  private long checkedBootNanos;
  private long checkTookNanos;
  private SensorStatistics checked;
  private List<SensorFault> faults = List.of();
  private final List<SensorFault> resumeFaults = new ArrayList<>();
  private boolean closed;

  private BpfSensor(
      Programs programs,
      RingBuffer attempts,
      RingBuffer loads,
      List<RingBuffer> images,
      SensorOptions options,
      KernelTypes types) {
    this.programs = programs;
    this.control = new Control(programs.maps());
    this.clockCheckedBootNanos = KernelClock.bootNanos();
    this.clock =
        clock(
            programs
                .pinned()
                .flatMap(PinnedSet::left)
                .map(LeftRings::clockSettings)
                .orElseGet(control::clockSettings));
    control.setClockSettings(clock.settings());
    control.setCanaryPid(ModuleCalls.processId());
    this.lanes = new LaneReader(attempts, loads);
    this.images = images;
    this.rings = new RingPoll(Stream.concat(Stream.of(attempts, loads), images.stream()).toList());
    this.imageReader = options.images();
    this.pinned = options.pins() != null;
    this.canary =
        new Canary(ModuleCalls::refusedFinitModule, KernelClock::bootNanos, SecureRandom::new);
    this.canaryWays = canaryWays(!images.isEmpty());
    this.heldBack = new HeldBack(programs.maps(), control);
    this.moduleTable = new ModuleTable(programs.maps(), clock::offsetAt);
    this.deadAttempts = new DeadAttempts(programs.maps().map("attempts", Integer.BYTES, 0), PROC);
    if (pinned) {
      lanes.keepUntilCommitted();
      images.forEach(RingBuffer::keepUntilCommitted);
      resume(Lane.ATTEMPTS, RecordLayout.COUNTER_ATTEMPTS_SENT);
      resume(Lane.LOADS, RecordLayout.COUNTER_LOADS_SENT);
      programs.pinned().ifPresent(this::resumeRings);
    }
    this.checked = statistics();
    this.decoder = new RecordDecoder(types, BpfSensor::modprobePath, clock);
  }

  /** Loads and attaches the hooks, as {@link Sensor#start} says. */
  static BpfSensor start(SensorOptions options) {
    LibBpf lib = libBpf();
    try (KernelBtf btf = kernelBtf(lib)) {
      return start(lib, btf, options);
    }
  }

  private static BpfSensor start(LibBpf lib, KernelBtf btf, SensorOptions options) {
    Programs programs =
        Programs.attach(lib, btf, options.imageBufferBytes(), options.pins(), options.keeper());
    try {
      int imageBytes = programs.reads().imageBufferBytes(options.imageBufferBytes());
      RingBuffer attempts = laneRing(programs, "ring_attempts");
      RingBuffer loads = laneRing(programs, "ring_loads");
      List<RingBuffer> images = imageBytes == 0 ? List.of() : imageRings(programs, imageBytes);
      return new BpfSensor(programs, attempts, loads, images, options, kernelTypes(btf));
    } catch (RuntimeException e) {
      programs.close();
      throw e instanceof KernelException kernel
          ? new SensorException(kernel.getMessage(), "", kernel.mayPass())
          : e;
    }
  }

  /** Tries the hooks, as {@link Sensor#probeHooks} says. */
  static List<HookStatus> probeHooks() {
    LibBpf lib = libBpf();
    try (KernelBtf btf = kernelBtf(lib)) {
      return Programs.probe(lib, btf);
    }
  }

  @Override
  public List<HookStatus> hooks() {
    return programs.statuses();
  }

  @Override
  public int poll(Duration timeout, Consumer<Event> sink) {
    if (behind) {
      rings.pause(Duration.ZERO);
    } else if (uncommittedBytes() > 0) {
      // Records that were read and not freed would end any wait at once.
      rings.pause(timeout.compareTo(COMMIT_PAUSE) < 0 ? timeout : COMMIT_PAUSE);
    } else {
      rings.await(timeout);
    }
    return read(sink);
  }

  @Override
  public boolean isWithoutStrings() {
    return programs.reads() == Reads.DIRECT;
  }

  @Override
  public boolean isResumed() {
    return programs.areTakenOver();
  }

  @Override
  public List<LeftBehind> leftBehind() {
    return programs.pinned().map(PinnedSet::leftBehind).orElse(List.of());
  }

  @Override
  public List<SensorFault> startFaults() {
    var found = new ArrayList<>(programs.pinned().map(PinnedSet::startFaults).orElse(List.of()));
    found.addAll(resumeFaults);
    return List.copyOf(found);
  }

  @Override
  public boolean isPinned() {
    return pinned && programs.arePinned();
  }

  @Override
  public boolean mustCommit() {
    return uncommittedBytes() > RecordLayout.RING_BYTES / 2
        || images.stream().anyMatch(RingBuffer::isHalfUncommitted);
  }

  @Override
  public void commit() {
    programs.pinned().ifPresent(set -> set.keep(positions()));
    if (pinned) {
      // Before the rings: if this process ends in between, records are read again, not missed.
      control.setReceived(doneWith(Lane.ATTEMPTS), doneWith(Lane.LOADS));
    }
    lanes.commit();
    images.forEach(RingBuffer::commit);
    programs.pinned().ifPresent(PinnedSet::commitLeft);
  }

  /** Returns how far everything was read, by name. */
  private Map<String, List<Long>> positions() {
    var positions = new LinkedHashMap<String, List<Long>>();
    rings().forEach((name, ring) -> positions.put(name, List.of(ring.position())));
    for (Lane lane : Lane.values()) {
      positions.put(lane.name(), lanes.account(lane).state(shortfall(lane).missing()));
    }
    return positions;
  }

  private Map<String, RingBuffer> rings() {
    var rings = new LinkedHashMap<String, RingBuffer>();
    rings.put("ring_attempts", lanes.ring(Lane.ATTEMPTS));
    rings.put("ring_loads", lanes.ring(Lane.LOADS));
    for (int i = 0; i < images.size(); i++) {
      rings.put(IMAGE_RINGS.get(i), images.get(i));
    }
    return rings;
  }

  private long doneWith(Lane lane) {
    return lanes.account(lane).received() + shortfall(lane).missing();
  }

  private Shortfall shortfall(Lane lane) {
    return lane == Lane.ATTEMPTS ? attemptsShortfall : loadsShortfall;
  }

  private long uncommittedBytes() {
    return pinned ? lanes.uncommittedBytes() : 0;
  }

  @Override
  public void wakeUp() {
    rings.wakeUp();
  }

  @Override
  public void detach() {
    programs.detach();
  }

  @Override
  public boolean isBehind() {
    return behind;
  }

  @Override
  public int drain(Consumer<Event> sink) {
    handed = 0;
    checkRings(KernelClock.bootNanos());
    Duration limit = isPinned() ? PINNED_DRAIN_LIMIT : DRAIN_LIMIT;
    var pass = new Pass(System::nanoTime, limit.toNanos(), Long.MAX_VALUE);
    boolean all = readToTheEnd(pass, sink);
    if (isPinned()) {
      return handed;
    }
    if (all) {
      // A program may still have been running when it was detached.
      var lastProgram = new Pass(System::nanoTime, LAST_PROGRAM_NANOS, Long.MAX_VALUE);
      while (isShort() && !lastProgram.isOver()) {
        rings.pause(BUSY_PAUSE);
        boolean ignored = readToTheEnd(pass, sink);
      }
      finish(Lane.ATTEMPTS);
      finish(Lane.LOADS);
    }
    ended = true;
    for (ByteBuffer record : openCalls.takeAll()) {
      sink.accept(decoder.callWithoutReturn(record));
      handed++;
    }
    return handed + heldBack.finish(decoder, sink);
  }

  private boolean readToTheEnd(Pass pass, Consumer<Event> sink) {
    return lanes.readAll(
        pass, () -> rings.pause(BUSY_PAUSE), (lane, record) -> accept(lane, record, sink));
  }

  /** Returns whether a sent record is still missing. */
  private boolean isShort() {
    SensorStatistics now = statistics();
    return now.attempts().pending() + now.loads().pending() > 0;
  }

  private void finish(Lane lane) {
    shortfall(lane)
        .finish(
            lanes.account(lane),
            programs.maps().perCpu("counters", sentCounter(lane)),
            ringFull(lane));
  }

  private static int sentCounter(Lane lane) {
    return lane == Lane.ATTEMPTS
        ? RecordLayout.COUNTER_ATTEMPTS_SENT
        : RecordLayout.COUNTER_LOADS_SENT;
  }

  private long ringFull(Lane lane) {
    int counter =
        lane == Lane.ATTEMPTS
            ? RecordLayout.COUNTER_ATTEMPTS_RING_FULL
            : RecordLayout.COUNTER_LOADS_RING_FULL;
    return Arrays.stream(programs.maps().perCpu("counters", counter)).sum();
  }

  @Override
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
        assembler.expired(),
        malformedChunks,
        counters[RecordLayout.COUNTER_HELD_UNLISTED],
        counters[RecordLayout.COUNTER_ENTRIES_CROWDED_OUT],
        programs.misses());
  }

  @Override
  public SensorStatistics recentStatistics() {
    return checked;
  }

  @Override
  public long seenUpToNanos() {
    return clock.steadyNanos(seenUpToBootNanos);
  }

  @Override
  public List<ClockStep> takeClockSteps() {
    if (clockSteps.isEmpty()) {
      return List.of();
    }
    List<ClockStep> steps = List.copyOf(clockSteps);
    clockSteps.clear();
    return steps;
  }

  @Override
  public LoadedModules loadedModules() {
    return moduleTable;
  }

  @Override
  public List<SensorFault> faults() {
    return faults;
  }

  private SensorStatistics.OfLane statistics(Lane lane, long sent, long held, long ringFull) {
    LaneReader.Account account = lanes.account(lane);
    long open = Math.max(0, sent - account.received() - ringFull);
    long missing = Math.min(shortfall(lane).missing(), open);
    return new SensorStatistics.OfLane(
        sent + held,
        account.delivered(),
        held,
        ringFull,
        account.malformedCount(),
        account.gaps(),
        missing,
        ended ? open - missing : 0);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      rings.close();
      lanes.close();
      images.forEach(RingBuffer::close);
      assembler.close();
      programs.close();
    }
  }

  /**
   * Returns the ways of the canary. Returns an empty set in another pid namespace than the host's:
   * the programs would not recognise the call as the canary's.
   */
  private static Set<Canary.Way> canaryWays(boolean withImages) {
    if (!PidNamespace.isInitial(PROC)) {
      return EnumSet.noneOf(Canary.Way.class);
    }
    return withImages
        ? EnumSet.allOf(Canary.Way.class)
        : EnumSet.of(Canary.Way.ATTEMPTS, Canary.Way.LOADS);
  }

  private void resume(Lane lane, int counter) {
    List<Long> kept = programs.pinned().map(set -> set.position(lane.name())).orElse(List.of());
    if (kept.isEmpty()) {
      lanes
          .account(lane)
          .resume(control.received(lane), programs.maps().perCpu("counters", counter));
    } else {
      lanes.account(lane).resume(kept);
    }
  }

  /** Continues at the last process's own positions, and not at those of the rings. */
  private void resumeRings(PinnedSet set) {
    var moved = new ArrayList<String>();
    rings()
        .forEach(
            (name, ring) -> {
              List<Long> kept = set.position(name);
              if (kept.isEmpty()) {
                return;
              }
              long ahead = ring.resumeAt(kept.getFirst());
              if (ahead > 0) {
                moved.add(
                    "%s by %d bytes, %s"
                        .formatted(
                            name,
                            ahead,
                            ring.position() == kept.getFirst()
                                ? "which were read all the same"
                                : "which were written over since"));
              }
            });
    if (!moved.isEmpty()) {
      resumeFaults.add(
          new SensorFault(
              "rings",
              "the reader was moved on while nobody read, by somebody or by a Kmodwatch that could"
                  + " not write its state, %s: %s"
                      .formatted(set.sinceLast(), String.join("; ", moved))));
    }
  }

  private static RingBuffer laneRing(Programs programs, String name) {
    return programs.maps().ringBuffer(name, RecordLayout.RING_BYTES, WINDOW_BYTES);
  }

  private static List<RingBuffer> imageRings(Programs programs, int imageBytes) {
    int rest = ChunkLayout.REST_RING_BYTES;
    return List.of(
        programs.maps().ringBuffer(IMAGE_RINGS.get(0), imageBytes, WINDOW_BYTES),
        programs.maps().ringBuffer(IMAGE_RINGS.get(1), rest, WINDOW_BYTES));
  }

  private int read(Consumer<Event> sink) {
    long now = KernelClock.bootNanos();
    followClock(now);
    canary.tick(now, Math.min(seenUpToBootNanos, imagesSeenUpToBootNanos), canaryWays);
    handed = 0;
    if (checkRings(now)) {
      // Reports this before the next events.
      faults = faults(now, checked);
      behind = true;
      return handed;
    }
    if (!readLeft(sink, now)) {
      // The new set reports the events that both sets have, after all of this.
      behind = true;
      return handed;
    }
    readImages(now, IMAGE_BYTES_A_PASS);
    if (lanes.isBetweenRounds()) {
      roundBeganBootNanos = now;
    }
    LaneReader.Progress progress =
        lanes.read(Pass.begin(System::nanoTime), (lane, record) -> accept(lane, record, sink));
    behind = progress == LaneReader.Progress.MORE;
    seenUpToBootNanos =
        Math.max(
            seenUpToBootNanos,
            progress == LaneReader.Progress.ROUND
                ? roundBeganBootNanos
                : Math.min(lanes.lastTimeNanos(), now) - DISORDER_NANOS);
    for (ByteBuffer record : openCalls.overdue(seenUpToBootNanos)) {
      sink.accept(decoder.callWithoutReturn(record));
      handed++;
    }
    if (now - checkedBootNanos >= checkPauseNanos()) {
      checkedBootNanos = now;
      account(Lane.ATTEMPTS, now);
      account(Lane.LOADS, now);
      SensorStatistics statistics = statistics();
      heldBack.tick(now, statistics.suppressed(), decoder, sink);
      deadAttempts.giveBack();
      for (ByteBuffer record : openCalls.ofTheDead(now, seenUpToBootNanos, deadAttempts::isDead)) {
        sink.accept(decoder.callWithoutReturn(record));
        handed++;
      }
      assembler.expire(seenUpToBootNanos);
      noteFaults(statistics, now);
      faults = faults(now, statistics);
      checked = statistics;
      checkTookNanos = KernelClock.bootNanos() - now;
    }
    return handed;
  }

  /**
   * Returns the pause between checks. On a very slow machine with much to read, reading comes
   * first.
   */
  private long checkPauseNanos() {
    return behind ? Math.clamp(3 * checkTookNanos, CHECK_NANOS, MAX_CHECK_NANOS) : CHECK_NANOS;
  }

  /** Checks whether the rings are unchanged. Returns whether a new fault was found. */
  private boolean checkRings(long now) {
    boolean isNew = checkRing("lane attempts", lanes.ring(Lane.ATTEMPTS), now);
    isNew |= checkRing("lane loads", lanes.ring(Lane.LOADS), now);
    for (RingBuffer image : images) {
      isNew |= checkRing(image == images.getFirst() ? "images" : "images' rest", image, now);
    }
    return isNew;
  }

  private boolean checkRing(String name, RingBuffer ring, long now) {
    ring.check(now);
    Optional<String> misfit = ring.takeMisfit();
    return misfit.isPresent()
        && recentFaults.happened(
            new SensorFault("rings", "%s: %s".formatted(name, misfit.get())), now);
  }

  /** Compares the records of a lane with the programs' count. */
  private void account(Lane lane, long now) {
    Shortfall shortfall = shortfall(lane);
    RingBuffer ring = lanes.ring(lane);
    if (shortfall.isPending()) {
      shortfall.look(ring.position(), lanes.account(lane), ringFull(lane), now);
    }
    if (!shortfall.isPending()) {
      shortfall.count(programs.maps().perCpu("counters", sentCounter(lane)), ring.end());
    }
  }

  private void noteFaults(SensorStatistics statistics, long now) {
    noteMissing("lane attempts", statistics.attempts(), checked.attempts(), now);
    noteMissing("lane loads", statistics.loads(), checked.loads(), now);
    if (statistics.crowdedOut() > checked.crowdedOut()
        || statistics.noWorkSpace() > checked.noWorkSpace()) {
      boolean ignored =
          recentFaults.happened(
              new SensorFault(
                  "work space",
                  "as many calls are under way at once as the kernel has work spaces for: others"
                      + " are seen from a later hook on, or only counted"),
              now);
    }
  }

  private void noteMissing(
      String part, SensorStatistics.OfLane lane, SensorStatistics.OfLane before, long now) {
    if (lane.missing() > before.missing()) {
      boolean ignored =
          recentFaults.happened(
              new SensorFault(
                  part,
                  "sent, and not in the ring: records=%d"
                      .formatted(lane.missing() - before.missing())),
              now);
    }
  }

  /**
   * Continues to read the rings of a replaced set. The new set reports the events that both sets
   * have.
   *
   * @return whether they have no more records
   */
  private boolean readLeft(Consumer<Event> sink, long now) {
    LeftRings left = programs.pinned().flatMap(PinnedSet::left).orElse(null);
    if (left == null || left.isRead()) {
      return true;
    }
    long since = programs.pinned().map(PinnedSet::sinceBootNanos).orElse(0L);
    left.read(
        now,
        Pass.begin(System::nanoTime),
        (ring, chunk) -> acceptChunk(ring, chunk, now),
        (lane, record) -> {
          if (isFromBefore(record, since)) {
            accept(left.account(), lane, record, sink);
          }
        });
    left.takeMisfit()
        .map(what -> new SensorFault("rings", "of the programs before: " + what))
        .ifPresent(
            fault -> {
              boolean ignored = recentFaults.happened(fault, now);
            });
    return left.isRead();
  }

  private static boolean isFromBefore(ByteBuffer record, long bootNanos) {
    if (record.remaining() < RecordLayout.DATA) {
      return true;
    }
    long call = record.getLong(RecordLayout.CALL_TIME_NANOS);
    return (call == 0 ? record.getLong(RecordLayout.TIME_NANOS) : call) < bootNanos;
  }

  private List<SensorFault> faults(long now, SensorStatistics statistics) {
    var found = new ArrayList<>(canary.faults());
    for (SensorFault fault : recentFaults.at(now)) {
      if (found.stream().noneMatch(other -> other.part().equals(fault.part()))) {
        found.add(fault);
      }
    }
    String ftrace = KernelFile.line(FTRACE_ENABLED);
    if (ftrace != null && !ftrace.equals("1")) {
      found.add(
          new SensorFault(
              "ftrace",
              "kernel.ftrace_enabled=%s: no hook on calls and checks fires; tracepoints go on"
                  .formatted(ftrace)));
    }
    found.addAll(programs.detached());
    if (control.putBack()) {
      found.add(
          new SensorFault(
              "control",
              "somebody wrote to what the programs are told by the agent: it was put back"));
    }
    if (statistics.seen() < checked.seen()) {
      found.add(
          new SensorFault(
              "counters", "the account in the kernel does not fit what came: it was written to"));
    }
    return List.copyOf(found);
  }

  private void accept(Lane lane, ByteBuffer record, Consumer<Event> sink) {
    accept(lanes.account(lane), lane, record, sink);
  }

  private void accept(
      LaneReader.Account account, Lane lane, ByteBuffer record, Consumer<Event> sink) {
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
        // No other record reports this call, so there is no reason to wait.
        sink.accept(decoder.callWithoutReturn(record));
      }
      sink.accept(decode(record));
      handed++;
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      account.malformed();
    }
  }

  /**
   * Returns whether the record is the canary call of another agent on this machine. Without a
   * descriptor and with such flags no process can load a module.
   */
  private static boolean isCanaryOfAnother(ByteBuffer record) {
    int position = record.position();
    return record.getInt(position + RecordLayout.KIND) == RecordLayout.CALL_RETURN
        && record.getInt(position + RecordLayout.CALL) == RecordLayout.FINIT_MODULE
        && record.getLong(position + RecordLayout.RET) < 0
        && CanaryCall.isOne(
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

  private void readImages(long now, long maxBytes) {
    boolean all = true;
    for (RingBuffer image : images) {
      long end = image.end();
      image.read(maxBytes, chunk -> acceptChunk(image, chunk, now));
      all &= image.position() >= end;
    }
    if (all) {
      imagesSeenUpToBootNanos = now;
    }
  }

  private void acceptChunk(RingBuffer ring, ByteBuffer chunk, long now) {
    try {
      int position = chunk.position();
      int kind = chunk.getInt(position + ChunkLayout.KIND);
      if (kind == ChunkLayout.NO_IMAGE) {
        canary.heard(Canary.Way.IMAGES, (int) chunk.getLong(position + ChunkLayout.OFFSET));
      } else if (kind == ChunkLayout.FORGET_IMAGES) {
        assembler.forget(
            chunk.getInt(position + ChunkLayout.HOST_TID),
            chunk.getLong(position + ChunkLayout.CALL_TIME_NANOS));
      } else {
        assembler.add(chunk, now);
        if (!ring.isIntact()) {
          assembler.spoilLast();
        }
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      malformedChunks++;
    }
  }

  /** Returns the event of an image. All its chunks were sent before the record that reports it. */
  private Event image(ByteBuffer record) {
    readImages(KernelClock.bootNanos(), Long.MAX_VALUE);
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

  /** Continues the last process's clock, so that the same events have the same times and ids. */
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

  /**
   * Returns the program that the kernel now starts to load a module; null if that cannot be read.
   */
  private static @Nullable String modprobePath() {
    return KernelFile.line(MODPROBE_PATH);
  }

  private static LibBpf libBpf() {
    try {
      return LibBpf.load();
    } catch (KernelException e) {
      String remedy = e.mayPass() ? "" : "; install it: apt-get install libbpf1";
      throw new SensorException(e.getMessage() + remedy, "", e.mayPass());
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
