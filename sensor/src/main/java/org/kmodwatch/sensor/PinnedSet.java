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
 * The set of pins that this process has. It checks whether the pins of another process are
 * unchanged, pins a new set if they are not, and then checks the set regularly. The folder of all
 * sets belongs to this process until {@link #close}. One thread may use it.
 *
 * <p>For maintainers. Names in the BPF file system are removed with rm. A set with half of its
 * links missing looks like a set of a kernel that has half of the hooks. So each set has a list,
 * kept in a frozen map beside it and by the {@link PinKeeper}. {@link PinList} describes its
 * content. On any difference, only the records in the rings of the old set are used.
 */
final class PinnedSet implements AutoCloseable {

  /** The position that has when the set was attached. It identifies the set of the positions. */
  private static final String SINCE = "since";

  /** How many names a text for a person has. */
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

  /** The list of a changed set, if that is known. */
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
   * Locks the folder for this process.
   *
   * @param root the folder of all sets
   * @throws SensorException if another process has it, or it cannot be created
   */
  static PinnedSet own(LibBpf lib, Path root, PinKeeper keeper) {
    return new PinnedSet(lib, root, keeper, PinFolder.own(root));
  }

  /**
   * Opens the set of some programs, if it exists unchanged.
   *
   * @param lacking the required hooks that an opened set does not have
   * @return the set; empty if it is missing or changed: then the caller must {@link #pin pin} a new
   *     one
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

  /** Pins the attached parts of an object. No process adopts them yet. */
  void pin(BpfObject object, Reads reads, int imageBufferBytes) {
    PinFolder made = PinFolder.of(root, reads.objectFile(), imageBufferBytes);
    list = made.pin(object, KernelClock.bootNanos());
    folder = made;
    ours = object;
  }

  /** Lets the next process adopt the new pins, and only these. */
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

  /** Checks the last pins if they are not ours: of another version, or removed. */
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

  /** Returns the last process's position in a ring of its set. */
  private Optional<Long> kept(String ring) {
    return last.map(k -> k.state().positions().getOrDefault(ring, List.of()))
        .filter(values -> values.size() == 1)
        .map(List::getFirst);
  }

  private Optional<PinList> kept(PinFolder of) {
    return last.filter(k -> k.state().folder().equals(of.toString()))
        .flatMap(k -> PinList.parse(k.state().pins()));
  }

  /** Returns the faults found at the start, for the time since the last process. */
  List<SensorFault> startFaults() {
    return List.copyOf(startFaults);
  }

  /** Returns the time in which nobody read records, for a person. */
  String sinceLast() {
    return "between %s and %s".formatted(since(), now());
  }

  /** Returns the unread records of replaced programs, which nobody will read. */
  List<LeftBehind> leftBehind() {
    return List.copyOf(leftBehind);
  }

  /** Returns the rings of a set that this one has replaced. */
  Optional<LeftRings> left() {
    return Optional.ofNullable(left);
  }

  /** Returns when all of its programs were attached. */
  long sinceBootNanos() {
    return list.sinceBootNanos();
  }

  /**
   * Returns the value that the last process with this set kept under a name; empty if it kept none.
   */
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

  /** Frees the read records of a replaced set. Removes that set once it was read to the end. */
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

  /** Returns whether the set is complete for the next process. */
  boolean isWhole() {
    try {
      return folder().differing(lib, list).isEmpty();
    } catch (KernelException forNow) {
      // No pin is known to be missing.
      return true;
    }
  }

  /**
   * Compares the pins with the list, and restores missing pins: this process holds all objects.
   * Checks them one by one only if the folders show a possible change, and every ten seconds.
   *
   * @return the missing pins; empty if no pin was missing
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
      // For example without free descriptors: the next check finds it.
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
      // If the lock can be taken, the folder is not the one that this process locked.
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
