package org.kmodwatch.sensor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.kernel.BpfMaps;
import org.kmodwatch.sensor.kernel.BpfObject;
import org.kmodwatch.sensor.kernel.FolderLock;
import org.kmodwatch.sensor.kernel.KernelClock;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.PinnedPrograms;
import org.kmodwatch.sensor.kernel.Pins;

/**
 * The set of pins that this process has: finds out whether what another process left is what it had
 * pinned, pins a new set where it is not, and looks after it from then on. The folder of all sets
 * belongs to this process until {@link #close}. One thread.
 *
 * <p>For maintainers. Names in the BPF file system are removed with rm, and a set with half of its
 * links missing looks like one of a kernel that has half of the hooks. So each set has a list, kept
 * in a frozen map beside it and by the {@link PinKeeper}; {@link PinList} says what is in it. On
 * any difference nothing of the old set is used but what is in its rings.
 */
final class PinnedSet implements AutoCloseable {

  /** Positions: when the set was on its hooks, which says whether they are of this set. */
  private static final String SINCE = "since";

  /** So many names are enough for a person. */
  private static final int NAMES_SHOWN = 3;

  private final LibBpf lib;
  private final Path root;
  private final PinKeeper keeper;
  private final Optional<PinKeeper.Kept> last;
  private final List<SensorFault> startFaults = new ArrayList<>();
  private final List<LeftBehind> leftBehind = new ArrayList<>();
  private FolderLock lock;
  private @Nullable PinFolder folder;
  private @Nullable BpfMaps ours;
  private PinList list = new PinList(0, List.of());

  /** What an altered set consisted of, if that is known. */
  private @Nullable PinList replacedList;

  private Map<String, List<Long>> positions = Map.of();
  private @Nullable LeftRings left;
  private @Nullable FolderStamps stamps;

  private PinnedSet(LibBpf lib, Path root, PinKeeper keeper, FolderLock lock) {
    this.lib = lib;
    this.root = root;
    this.keeper = keeper;
    this.lock = lock;
    this.last = keeper.last();
  }

  /**
   * Takes the folder for this process.
   *
   * @param root folder of all sets
   * @throws SensorException if another process has it, or it cannot be made
   */
  static PinnedSet own(LibBpf lib, Path root, PinKeeper keeper) {
    return new PinnedSet(lib, root, keeper, PinFolder.own(root));
  }

  /**
   * Opens the set of some programs, if it is there as it was pinned.
   *
   * @param lacking what of the hooks that are required an opened set does not have
   * @return empty if there is none, or it is another; then a new one is to be {@link #pin pinned}
   */
  Optional<PinnedPrograms> find(
      Reads reads, int imageBufferBytes, Function<PinnedPrograms, List<String>> lacking) {
    PinFolder candidate = PinFolder.of(root, reads.objectFile(), imageBufferBytes);
    try {
      return find(candidate, lacking);
    } catch (KernelException e) {
      throw cannotTakeOver(candidate, e);
    }
  }

  private static SensorException cannotTakeOver(PinFolder set, KernelException e) {
    return new SensorException(
        "what is pinned in %s cannot be taken over: %s".formatted(set, e.getMessage()),
        "",
        e.mayPass());
  }

  private Optional<PinnedPrograms> find(
      PinFolder candidate, Function<PinnedPrograms, List<String>> lacking) {
    Optional<PinList> kept = kept(candidate);
    if (kept.isPresent() && candidate.isUnfinished(lib, kept.get())) {
      leftBehind.addAll(candidate.publish(lib));
    }
    if (!candidate.exists()) {
      return Optional.empty();
    }
    Optional<PinList> inMap = candidate.listed(lib);
    PinList known = kept.or(() -> inMap).orElse(new PinList(0, List.of()));
    PinnedPrograms pinned = candidate.open(lib, known);
    Set<String> differing = new LinkedHashSet<>(pinned.differing());
    if (!inMap.equals(Optional.of(known))) {
      differing.add(Pins.ofMap(PinListMap.NAME));
    }
    differing.addAll(lacking.apply(pinned));
    if (!differing.isEmpty()) {
      pinned.close();
      replacedList = known;
      startFaults.add(altered(candidate.toString(), differing));
      return Optional.empty();
    }
    folder = candidate;
    ours = pinned;
    list = known;
    positions = last.filter(k -> kept.isPresent()).map(k -> k.state().positions()).orElse(Map.of());
    if (!List.of(list.sinceBootNanos()).equals(positions.get(SINCE))) {
      positions = Map.of();
    }
    openLeft(candidate);
    return Optional.of(pinned);
  }

  /** Pins what of an object was put on its hooks, which nobody takes over yet. */
  void pin(BpfObject object, Reads reads, int imageBufferBytes) {
    PinFolder made = PinFolder.of(root, reads.objectFile(), imageBufferBytes);
    list = made.pin(object, KernelClock.bootNanos());
    folder = made;
    ours = object;
  }

  /** Has what was pinned taken over by the next process, and nothing else. */
  void publish() {
    PinFolder made = folder();
    try {
      publish(made);
    } catch (KernelException e) {
      throw cannotTakeOver(made, e);
    }
  }

  private void publish(PinFolder made) {
    Optional<Path> other = last.map(kept -> Path.of(kept.state().folder()));
    if (other.isPresent() && startFaults.isEmpty()) {
      lookAtOther(other.get());
    }
    keep(Map.of());
    leftBehind.addAll(made.publish(lib));
    openLeft(made);
  }

  /** What was pinned last and is not ours: another version's, or removed. */
  private void lookAtOther(Path other) {
    if (!Files.isDirectory(other)) {
      startFaults.add(
          new SensorFault(
              "pins",
              "they were in %s and are gone: nobody watched from %s to %s"
                  .formatted(other, since(), now())));
      return;
    }
    Optional<PinList> kept = last.flatMap(k -> PinList.parse(k.state().pins()));
    List<String> differing =
        kept.map(there -> PinFolder.differing(lib, other, there)).orElse(List.of());
    if (!differing.isEmpty()) {
      startFaults.add(altered(other.toString(), differing));
    }
  }

  private SensorFault altered(String where, Collection<String> differing) {
    return new SensorFault(
        "pins",
        ("%s removed or replaced in %s: %s not all was seen; new programs were put on the"
                + " hooks, and what the old ones sent is read as far as it is there")
            .formatted(named(differing), where, sinceLast()));
  }

  private void openLeft(PinFolder of) {
    Optional<Path> replaced = of.replaced();
    if (replaced.isEmpty()) {
      return;
    }
    LeftRings rings = LeftRings.open(lib, replaced.get(), listOf(replaced.get()));
    left = rings;
    if (replacedList != null) {
      rings.resumeAt(ring -> kept(ring).orElse(-1L));
    }
    if (!rings.unreadable().isEmpty()) {
      leftBehind.add(
          new LeftBehind(
              0,
              "what the programs sent that were pinned in %s may be lost: %s cannot be read"
                  .formatted(replaced.get(), String.join(", ", rings.unreadable()))));
    }
  }

  private PinList listOf(Path replaced) {
    return replacedList != null
        ? replacedList
        : PinFolder.listed(lib, replaced).orElse(new PinList(0, List.of()));
  }

  /** Where the last process was in a ring of the set that it had. */
  private Optional<Long> kept(String ring) {
    return last.map(k -> k.state().positions().getOrDefault(ring, List.of()))
        .filter(values -> values.size() == 1)
        .map(List::getFirst);
  }

  private Optional<PinList> kept(PinFolder of) {
    return last.filter(k -> k.state().folder().equals(of.toString()))
        .flatMap(k -> PinList.parse(k.state().pins()));
  }

  /** What was found at the start, of the time since the last process. */
  List<SensorFault> startFaults() {
    return List.copyOf(startFaults);
  }

  /** From when to when nobody read, for a person. */
  String sinceLast() {
    return "between %s and %s".formatted(since(), now());
  }

  /** What nobody will read of programs that were replaced. */
  List<LeftBehind> leftBehind() {
    return List.copyOf(leftBehind);
  }

  /** The rings of a set that this one has replaced. */
  Optional<LeftRings> left() {
    return Optional.ofNullable(left);
  }

  /** When all of its programs were on their hooks. */
  long sinceBootNanos() {
    return list.sinceBootNanos();
  }

  /** What the last process that had the set kept under a name; empty if it kept nothing. */
  List<Long> position(String name) {
    return positions.getOrDefault(name, List.of());
  }

  /** Keeps how far the set was read. */
  void keep(Map<String, List<Long>> positionsNow) {
    var all = new LinkedHashMap<String, List<Long>>();
    all.put(SINCE, List.of(list.sinceBootNanos()));
    all.putAll(positionsNow);
    keeper.keep(new PinnedState(folder().toString(), list.text(), all));
  }

  /** Lets go of what was read of a set that this one has replaced, and at its end of the set. */
  void commitLeft() {
    if (left == null) {
      return;
    }
    left.commit();
    if (left.isRead()) {
      left.close();
      left = null;
      folder().removeReplaced();
    }
  }

  /** Whether the next process will find everything. */
  boolean isWhole() {
    try {
      return folder().differing(lib, list).isEmpty();
    } catch (KernelException forNow) {
      // Nothing is known to be missing.
      return true;
    }
  }

  /**
   * Compares the pins with the list, and puts back what is missing: this process has all of it. One
   * by one only if the folders say that one may have changed, and every ten seconds.
   *
   * @return what was missing; empty if nothing was
   */
  Optional<SensorFault> lookAfter() {
    FolderStamps stamps = stamps();
    long nowNanos = KernelClock.bootNanos();
    if (!stamps.mayDiffer(nowNanos)) {
      return Optional.empty();
    }
    List<String> differing;
    try {
      differing = folder().differing(lib, list);
    } catch (KernelException forNow) {
      // As when there are no descriptors: the next look shows it.
      return Optional.empty();
    }
    if (differing.isEmpty()) {
      stamps.foundAllWell(nowNanos);
    }
    if (differing.isEmpty() || ours == null) {
      return Optional.empty();
    }
    String what = "%s removed or replaced in %s".formatted(named(differing), folder());
    Optional<String> trouble = putBack(ours, differing);
    return Optional.of(
        new SensorFault(
            "pins",
            trouble
                .map(
                    why ->
                        "%s, and cannot be put back: %s: the programs end with this process"
                            .formatted(what, why))
                .orElse(what + ", and put back by this process, which had them all the time")));
  }

  private Optional<String> putBack(BpfMaps from, List<String> names) {
    Optional<String> trouble = folder().putBack(from, names);
    if (trouble.isEmpty()) {
      // If it can be taken, the folder itself is another one than the one that was taken.
      FolderLock.tryLock(root)
          .ifPresent(
              taken -> {
                lock.close();
                lock = taken;
              });
    }
    return trouble;
  }

  @Override
  public void close() {
    if (left != null) {
      left.close();
      left = null;
    }
    lock.close();
  }

  private FolderStamps stamps() {
    FolderStamps known = stamps;
    if (known == null) {
      known = new FolderStamps(folder().folders());
      stamps = known;
    }
    return known;
  }

  private PinFolder folder() {
    if (folder == null) {
      throw new IllegalStateException("nothing was pinned or found yet");
    }
    return folder;
  }

  private String since() {
    return last.map(kept -> kept.at().toString()).orElse("some time");
  }

  private static String now() {
    long nanos = KernelClock.bootNanos() + KernelClock.bootToEpochNanos();
    return Instant.ofEpochSecond(0, nanos).toString();
  }

  private static String named(Collection<String> names) {
    String shown = String.join(", ", names.stream().limit(NAMES_SHOWN).toList());
    return names.size() == 1
        ? "1 pin (%s) was".formatted(shown)
        : "%d pins (%s%s) were"
            .formatted(names.size(), shown, names.size() > NAMES_SHOWN ? ", …" : "");
  }
}
