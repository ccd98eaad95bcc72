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
  static final int WINDOW_BYTES = 128 << 10;

  private static final List<String> IMAGE_RINGS = List.of("images", "images_rest");

  private static final Path MODPROBE_PATH = Path.of("/proc/sys/kernel/modprobe");

  /** How long reading what is left may take at the end, if the next process can read the rest. */
  private static final Duration PINNED_DRAIN_LIMIT = Duration.ofSeconds(5);

  /** The same, if what is left is lost. No more comes by then. */
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(75);

  /** No program that was under way at the end takes as long. */
  private static final long LAST_PROGRAM_NANOS = 200_000_000L;

  /** How long a record takes that is being written. */
  private static final Duration BUSY_PAUSE = Duration.ofMillis(10);

  /** How much earlier than one record another may be that is behind it in a ring. */
  private static final long DISORDER_NANOS = 1_000_000_000L;

  /** How much of the images is read before the records. */
  private static final long IMAGE_BYTES_A_PASS = 8L << 20;

  /** How often the account is compared with what it was. */
  private static final long CHECK_NANOS = 1_000_000_000L;

  /** The same while there is much to read. */
  private static final long MAX_CHECK_NANOS = 5_000_000_000L;

  /** From one look at the rings to the next, while what was read is kept in them. */
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
      return start(lib, btf, options);
    }
  }

  private static Sensor start(LibBpf lib, KernelBtf btf, SensorOptions options) {
    Programs programs =
        Programs.attach(lib, btf, options.imageBufferBytes(), options.pins(), options.keeper());
    try {
      int imageBytes = programs.reads().imageBufferBytes(options.imageBufferBytes());
      RingBuffer attempts = laneRing(programs, "ring_attempts");
      RingBuffer loads = laneRing(programs, "ring_loads");
      List<RingBuffer> images = imageBytes == 0 ? List.of() : imageRings(programs, imageBytes);
      return new Sensor(programs, attempts, loads, images, options, kernelTypes(btf));
    } catch (RuntimeException e) {
      programs.close();
      throw e instanceof KernelException kernel
          ? new SensorException(kernel.getMessage(), "", kernel.mayPass())
          : e;
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
   * Hands over the events that are there, waiting for the first at most {@code timeout}. If there
   * are many it hands over some of them, and {@link #isBehind} says so; the next call does not
   * wait.
   *
   * @param sink takes each event, on the calling thread
   * @return how many were handed over; 0 after a time-out or {@link #wakeUp}
   */
  public int poll(Duration timeout, Consumer<Event> sink) {
    if (behind) {
      rings.pause(Duration.ZERO);
    } else if (uncommittedBytes() > 0) {
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
    return programs.pinned().map(PinnedSet::leftBehind).orElse(List.of());
  }

  /**
   * What was done, between the last process and this one, to what is pinned: nobody watched then.
   */
  public List<SensorFault> startFaults() {
    var found = new ArrayList<>(programs.pinned().map(PinnedSet::startFaults).orElse(List.of()));
    found.addAll(resumeFaults);
    return List.copyOf(found);
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
    programs.pinned().ifPresent(set -> set.keep(positions()));
    if (pinned) {
      // Before the rings: if this process ends in between, records are read again, not missed.
      control.setReceived(doneWith(Lane.ATTEMPTS), doneWith(Lane.LOADS));
    }
    lanes.commit();
    images.forEach(RingBuffer::commit);
    programs.pinned().ifPresent(PinnedSet::commitLeft);
  }

  /** How far everything was read, by name. */
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

  /** Makes a {@link #poll} that is waiting return; from any thread, until {@link #close}. */
  public void wakeUp() {
    rings.wakeUp();
  }

  /** Takes the programs off the kernel; what is in the ring stays there for {@link #drain}. */
  public void detach() {
    programs.detach();
  }

  /** Whether more is in the rings than the last {@link #poll} handed over. */
  public boolean isBehind() {
    return behind;
  }

  /**
   * Hands over what is left after {@link #detach}, for 75 seconds at most, calls that have not
   * returned included. If the programs are pinned it takes five seconds at most, and those calls
   * and what was not read are left to the next process.
   */
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
      // A program may have been under way as it was taken off its hook.
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

  /** Whether a record was sent that has not come. */
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
        assembler.expired(),
        malformedChunks,
        counters[RecordLayout.COUNTER_HELD_UNLISTED],
        counters[RecordLayout.COUNTER_ENTRIES_CROWDED_OUT],
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
    List<Long> kept = programs.pinned().map(set -> set.position(lane.name())).orElse(List.of());
    if (kept.isEmpty()) {
      lanes
          .account(lane)
          .resume(control.received(lane), programs.maps().perCpu("counters", counter));
    } else {
      lanes.account(lane).resume(kept);
    }
  }

  /** Goes on where the last process said that it was, and not where the rings say so. */
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
      // To be told before what comes after it.
      faults = faults(now, checked);
      behind = true;
      return handed;
    }
    if (!readLeft(sink, now)) {
      // What both sets saw is told by the new one, after all of this.
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

  /** On a machine that is so slow, reading comes first while there is much to read. */
  private long checkPauseNanos() {
    return behind ? Math.clamp(3 * checkTookNanos, CHECK_NANOS, MAX_CHECK_NANOS) : CHECK_NANOS;
  }

  /** Looks whether the rings are as we left them; whether one of them just turned out not to be. */
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

  /** Compares what came by a lane with what the programs counted. */
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
   * Reads on in the rings of a set that this one has replaced. What both sets saw is told by the
   * new one.
   *
   * @return whether there is nothing more in them
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
   * Whether it is the call by which another agent on this machine looks whether it sees: with no
   * descriptor and such flags nothing can be loaded, whoever makes it.
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

  /** The event of an image: all its chunks were sent before the record that tells of it. */
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
