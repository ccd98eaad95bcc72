package org.kmodwatch.agent.host;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.sensor.LoadedModule;
import org.kmodwatch.sensor.LoadedModules;

/**
 * Checks every two seconds whether the kernel shows each loaded module. A module is reported as
 * hidden if it is missing from the same place at two checks, a second apart. It has no thread:
 * {@link #tick} does the check, on the thread that owns the sensor.
 *
 * <p>For maintainers: the loaded modules come from the list that the programs keep in the kernel
 * ({@link LoadedModules}). A module is in that list only while it is in both places. So if the list
 * has not changed during a check, a missing module hides. A backlog, a lost event or an unload at
 * the wrong moment cannot cause a false report. If the list has changed, the check is repeated a
 * few times. Then a module counts as missing if it is missing every time and is still in the list.
 * (While a list changes, a reader of /proc/modules may miss a module, because the kernel returns
 * the list in parts.)
 *
 * <p>Modules that were loaded before the programs are taken from the two places, by name, once the
 * list does not change meanwhile. They are dropped when the programs see the removal of a module of
 * that name.
 *
 * <p>Several modules can have one name if all but one hide. Each needs a separate line in
 * /proc/modules. The line is found by the address if that can be read, otherwise by size and
 * taints. All of them share one folder in /sys/module. If no other value distinguishes them, the
 * newest counts as the shown module: the kernel only loads a module if it finds none of that name.
 *
 * <p>A module is not reported while the call that loaded it runs. After a minute it is reported in
 * any case: the kernel also shows a module whose init runs.
 */
public final class HiddenModules {

  /** How many loads are kept until the list of modules has been read. */
  static final int MAX_LOADERS = 1024;

  /** How long a call may run until the module that it loaded may be reported. */
  static final long CALL_NANOS = 60_000_000_000L;

  private static final long INTERVAL_NANOS = 2_000_000_000L;
  private static final long SUSPECT_INTERVAL_NANOS = 1_000_000_000L;

  /** How long to wait for a call whose return may be missed, and for the load record. */
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /** How often a check is repeated because a module was loaded or unloaded meanwhile. */
  private static final int LOOKS = 4;

  private static final String INITSTATE = "initstate";

  private static final Comparator<Tracked> NEWEST_FIRST =
      Comparator.comparingLong((Tracked m) -> m.module == null ? 0 : m.module.loadedBootNanos())
          .reversed();

  /** The kernel's taint bits that a module of any kernel keeps, and their letters. */
  private static final Map<Integer, Character> TAINTS =
      Map.of(0, 'P', 1, 'F', 10, 'C', 12, 'O', 13, 'E', 15, 'K', 18, 'N');

  private final Path root;
  private final String hostName;
  private final ModuleList list;
  private final LongSupplier nanos;

  /** The loaded modules by a unique key, in the order of their loads. */
  private final Map<Key, Tracked> tracked = new LinkedHashMap<>();

  /** The loaders of new loads, by the records' ids, until the modules are found in the list. */
  private final Map<String, Loader> loaders = new LinkedHashMap<>();

  /** The loaders of modules from before the programs, by name. */
  private final Map<String, Loader> loadersBefore = new HashMap<>();

  /** Folders of /sys/module that are part of the kernel and not a module. */
  private final Set<String> builtIn = new HashSet<>();

  private long knownChanges = -1;
  private boolean wasRead;
  private boolean sizesAreComparable;
  private long serial;
  private long nextLookNanos;
  private boolean started;
  private long unlisted;

  /**
   * Checks the host whose file system begins at {@code root}.
   *
   * @param hostName the host name for the events
   * @param nanos a clock that is never set
   */
  public HiddenModules(Path root, String hostName, LongSupplier nanos) {
    this.root = root;
    this.hostName = hostName;
    this.list = new ModuleList(root);
    this.nanos = nanos;
  }

  /** The list's address and time. A module from before the programs has address 0 and a number. */
  private record Key(long address, long number) {}

  /** The facts of a finding about the loader of a module. */
  private record Loader(
      String loadId,
      String name,
      ProcessContext process,
      ContainerContext container,
      KubernetesContext kubernetes,
      boolean containerStarted) {

    static Loader of(LoadRecord record, String name, @Nullable Event basis) {
      return basis == null
          ? new Loader(
              record.id(),
              name,
              ProcessContext.NONE,
              ContainerContext.NONE,
              KubernetesContext.NONE,
              false)
          : new Loader(
              record.id(),
              name,
              basis.process(),
              basis.container(),
              basis.kubernetes(),
              basis.containerStarted());
    }
  }

  /** A module that is loaded. */
  private static final class Tracked {

    private final String name;
    private final String rawName;
    private final long base;
    private final long sizeBytes;
    private final long taints;

    /** The entry of the list; null if the module was loaded before the programs. */
    private @Nullable LoadedModule module;

    private final long sinceNanos;
    private long reportableSinceNanos;
    private boolean reportable;
    private @Nullable Loader loader;
    private List<String> missing = List.of();
    private final Set<String> reported = new HashSet<>();

    Tracked(LoadedModule module, long nowNanos) {
      this.name = module.name();
      this.rawName = module.rawName();
      this.base = module.base();
      this.sizeBytes = module.sizeBytes();
      this.taints = module.taints();
      this.module = module;
      this.sinceNanos = nowNanos;
    }

    Tracked(String name, ShownModules.Entry entry, long nowNanos) {
      this.name = name;
      this.rawName = entry.rawName();
      this.base = entry.address();
      this.sizeBytes = entry.sizeBytes();
      this.taints = 0;
      this.sinceNanos = nowNanos;
    }
  }

  /**
   * Keeps the loader of {@code record}'s module, in case the module hides.
   *
   * @param basis the event of the record; null if the module was loaded before
   */
  public void loaded(LoadRecord record, @Nullable Event basis) {
    String name = record.module().name();
    if (name == null || record.outcome() != LoadRecord.Outcome.LOADED) {
      return;
    }
    Loader loader = Loader.of(record, name, basis);
    if (basis == null) {
      loadersBefore.put(name, loader);
      return;
    }
    loaders.put(record.id(), loader);
    if (loaders.size() > MAX_LOADERS) {
      loaders.remove(loaders.keySet().iterator().next());
    }
  }

  /**
   * Makes the check if it is due. Returns an event for each module that hides.
   *
   * @param now the time for the events
   */
  public List<Event> tick(LoadedModules modules, Instant now) {
    long nowNanos = nanos.getAsLong();
    if (started && nowNanos - nextLookNanos < 0) {
      return List.of();
    }
    var events = new ArrayList<Event>();
    started = true;
    Map<Tracked, List<String>> missing = look(modules, nowNanos);
    for (Tracked module : tracked.values()) {
      List<String> before = module.missing;
      module.missing = missing.getOrDefault(module, List.of());
      List<String> both = module.missing.stream().filter(before::contains).toList();
      if (!module.reported.containsAll(both) && isReportable(module, nowNanos)) {
        module.reported.addAll(both);
        events.add(hidden(module, both, now));
      }
    }
    unlisted = modules.unlisted();
    nextLookNanos = nowNanos + (isPending() ? SUSPECT_INTERVAL_NANOS : INTERVAL_NANOS);
    return events;
  }

  /** Returns whether a module is missing and has not been reported yet. */
  public boolean isPending() {
    return tracked.values().stream().anyMatch(m -> !m.reported.containsAll(m.missing));
  }

  /** Returns how many modules are not checked, because too many are loaded. */
  public long unchecked() {
    return unlisted;
  }

  /** Returns the places from which each module is missing. */
  private Map<Tracked, List<String>> look(LoadedModules modules, long nowNanos) {
    Map<Tracked, List<String>> missing = null;
    for (int i = 0; i < LOOKS; i++) {
      refresh(modules, nowNanos);
      long before = knownChanges;
      List<Tracked> then = List.copyOf(tracked.values());
      ShownModules shown = ShownModules.at(root, oddNames());
      boolean still = wasRead && modules.changes() == before;
      if (!still) {
        refresh(modules, nowNanos);
      }
      var comparison = new Comparison(shown);
      var now = new HashSet<>(tracked.values());
      comparison.compare(then.stream().filter(now::contains).toList());
      missing = missing == null ? comparison.missing : inBoth(missing, comparison.missing);
      if (still) {
        adopt(comparison, nowNanos);
        break;
      }
    }
    return missing == null ? Map.of() : missing;
  }

  private static Map<Tracked, List<String>> inBoth(
      Map<Tracked, List<String>> one, Map<Tracked, List<String>> other) {
    var both = new HashMap<Tracked, List<String>>();
    one.forEach(
        (module, places) -> {
          List<String> there = other.getOrDefault(module, List.of());
          both.put(module, places.stream().filter(there::contains).toList());
        });
    return both;
  }

  private List<String> oddNames() {
    return tracked.values().stream().map(m -> m.rawName).filter(ShownModules::isOdd).toList();
  }

  /** Reads the list again if it has changed, or if a call in it has not returned. */
  private void refresh(LoadedModules modules, long nowNanos) {
    for (int i = 0; i < LOOKS; i++) {
      long changes = modules.changes();
      if (wasRead && changes == knownChanges && !isInCall()) {
        break;
      }
      take(modules.read(), nowNanos);
      knownChanges = changes;
      wasRead = modules.changes() == changes;
      if (wasRead) {
        break;
      }
    }
    findLoaders();
  }

  private boolean isInCall() {
    return tracked.values().stream()
        .anyMatch(m -> m.module != null && m.module.progress() != LoadedModule.Progress.RETURNED);
  }

  private void take(LoadedModules.Contents contents, long nowNanos) {
    for (String gone : contents.gone()) {
      tracked.values().stream()
          .filter(m -> m.module == null && m.rawName.equals(gone))
          .findFirst()
          .ifPresent(tracked.values()::remove);
    }
    var there = new HashSet<Key>();
    for (LoadedModule module : contents.modules()) {
      var key = new Key(module.address(), module.loadedBootNanos());
      there.add(key);
      tracked.computeIfAbsent(key, k -> new Tracked(module, nowNanos)).module = module;
    }
    tracked.entrySet().removeIf(e -> e.getValue().module != null && !there.contains(e.getKey()));
  }

  private void findLoaders() {
    for (Tracked module : tracked.values()) {
      if (module.loader == null) {
        module.loader =
            module.module == null
                ? loadersBefore.remove(module.name)
                : loaders.remove(module.module.attemptId());
      }
    }
  }

  /** Adds the shown modules that were loaded before the programs. */
  private void adopt(Comparison comparison, long nowNanos) {
    var names = new HashSet<String>();
    tracked.values().forEach(m -> names.add(m.rawName));
    for (ShownModules.Entry entry : comparison.unknown) {
      if (entry.state() == ShownModules.State.LIVE && !names.contains(entry.rawName())) {
        adopt(entry, nowNanos);
      }
    }
    Set<String> folders = comparison.shown.folders().orElse(Set.of());
    builtIn.retainAll(folders);
    var known = new HashSet<String>(builtIn);
    tracked.values().forEach(m -> known.add(ShownModules.folderOf(m.rawName)));
    comparison.unknown.forEach(e -> known.add(ShownModules.folderOf(e.rawName())));
    for (String folder : folders) {
      if (!known.contains(folder)) {
        Optional<String> state = list.attribute(folder, INITSTATE);
        if (state.isEmpty()) {
          builtIn.add(folder);
        } else if (state.get().equals("live")) {
          adopt(
              new ShownModules.Entry(folder, Long.MAX_VALUE, ShownModules.State.LIVE, 0, ""),
              nowNanos);
        }
      }
    }
  }

  private void adopt(ShownModules.Entry entry, long nowNanos) {
    tracked.put(new Key(0, serial++), new Tracked(decode(entry.rawName()), entry, nowNanos));
  }

  private static String decode(String rawName) {
    return new String(rawName.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private boolean isReportable(Tracked module, long nowNanos) {
    if (!module.reportable && !mayBeInCall(module, nowNanos)) {
      module.reportable = true;
      module.reportableSinceNanos = nowNanos;
    }
    // The record of the load comes first, if the load has a record.
    return module.reportable
        && (module.loader != null || nowNanos - module.reportableSinceNanos >= PATIENCE_NANOS);
  }

  private static boolean mayBeInCall(Tracked module, long nowNanos) {
    if (module.module == null) {
      return false;
    }
    long age = nowNanos - module.sinceNanos;
    return switch (module.module.progress()) {
      case RETURNED -> false;
      case RETURN_MAY_NOT_BE_SEEN -> age < PATIENCE_NANOS;
      case IN_CALL -> age < CALL_NANOS;
    };
  }

  /** Compares the loaded modules with the shown ones. */
  private final class Comparison {

    private final ShownModules shown;
    private final Map<Tracked, List<String>> missing = new HashMap<>();

    /** The shown modules that are not among the loaded ones. */
    private final List<ShownModules.Entry> unknown = new ArrayList<>();

    Comparison(ShownModules shown) {
      this.shown = shown;
    }

    void compare(Collection<Tracked> modules) {
      var entries = new HashMap<String, List<ShownModules.Entry>>();
      // A reader of a growing list finds an entry twice.
      for (var entry : new LinkedHashSet<>(shown.entries().orElse(List.of()))) {
        entries.computeIfAbsent(entry.rawName(), k -> new ArrayList<>()).add(entry);
      }
      var byName = new LinkedHashMap<String, List<Tracked>>();
      for (Tracked module : modules) {
        byName.computeIfAbsent(module.rawName, k -> new ArrayList<>()).add(module);
      }
      byName.forEach(
          (name, same) -> {
            List<ShownModules.Entry> lines = entries.getOrDefault(name, new ArrayList<>());
            same.sort(NEWEST_FIRST);
            List<Tracked> absent = shown.entries().isEmpty() ? List.of() : withoutLine(same, lines);
            absent.forEach(m -> addMissing(m, ModuleList.PROC_MODULES));
            withoutFolder(name, same, absent).forEach(m -> addMissing(m, ModuleList.SYS_MODULE));
          });
      entries.values().forEach(unknown::addAll);
    }

    private void addMissing(Tracked module, String place) {
      missing.computeIfAbsent(module, k -> new ArrayList<>()).add(place);
    }

    /**
     * Returns the modules of one name that have no line, the newest first. Removes the lines of the
     * others.
     */
    private List<Tracked> withoutLine(List<Tracked> same, List<ShownModules.Entry> lines) {
      var absent = new ArrayList<Tracked>(same);
      absent.removeIf(m -> m.base != 0 && lines.removeIf(line -> line.address() == m.base));
      absent.removeIf(m -> takeLine(m, lines));
      return absent;
    }

    private boolean takeLine(Tracked module, List<ShownModules.Entry> lines) {
      for (ShownModules.Entry line : lines) {
        if ((line.address() == 0 || module.base == 0) && fits(module, line)) {
          lines.remove(line);
          return true;
        }
      }
      return false;
    }

    /** Returns the modules of one name that have no folder, if that is known. */
    private List<Tracked> withoutFolder(String name, List<Tracked> same, List<Tracked> absent) {
      if (shown.folders().isEmpty() || name.equals(".") || name.equals("..")) {
        return List.of();
      }
      if (!shown.folders().get().contains(ShownModules.folderOf(name))) {
        return same;
      }
      Tracked owner =
          same.stream().filter(m -> !absent.contains(m)).findFirst().orElse(same.getFirst());
      return same.stream().filter(m -> m != owner).toList();
    }

    private boolean fits(Tracked module, ShownModules.Entry line) {
      for (Map.Entry<Integer, Character> taint : TAINTS.entrySet()) {
        if ((module.taints >> taint.getKey() & 1) != 0
            && line.taints().indexOf(taint.getValue()) < 0) {
          return false;
        }
      }
      LoadedModule seen = module.module;
      if (seen == null) {
        // An entry that is read only once may still include the memory of init.
        return line.sizeBytes() <= module.sizeBytes;
      }
      if (line.sizeBytes() == module.sizeBytes) {
        sizesAreComparable = true;
      }
      return !sizesAreComparable
          || line.sizeBytes() == module.sizeBytes
          || (seen.progress() != LoadedModule.Progress.RETURNED
              && line.sizeBytes() > module.sizeBytes);
    }
  }

  private Event hidden(Tracked module, List<String> missingFrom, Instant now) {
    long time = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    Optional<Loader> loader = loaderOf(module);
    String loadId =
        loader.map(Loader::loadId).orElse(module.module == null ? "" : module.module.attemptId());
    return Event.builder(EventNames.MODULE_HIDDEN, time)
        .process(loader.map(Loader::process).orElse(ProcessContext.NONE))
        .hostName(hostName)
        .container(loader.map(Loader::container).orElse(ContainerContext.NONE))
        .kubernetes(loader.map(Loader::kubernetes).orElse(KubernetesContext.NONE))
        .returnValue(0L)
        .containerStarted(loader.map(Loader::containerStarted).orElse(false))
        .args(
            List.of(
                new Argument("name", "string", Value.of(module.name)),
                new Argument("missingFrom", "[]string", Value.ofStrings(missingFrom)),
                new Argument("loadId", "string", Value.of(loadId))))
        .build();
  }

  /**
   * Returns the loader. If the clock was set, the record has another id: then finds it by name and
   * thread.
   */
  private Optional<Loader> loaderOf(Tracked module) {
    LoadedModule seen = module.module;
    if (module.loader != null || seen == null) {
      return Optional.ofNullable(module.loader);
    }
    return loaders.values().stream()
        .filter(l -> l.name().equals(module.name))
        .filter(l -> l.process().hostThreadId() == seen.hostThreadId())
        .reduce((first, last) -> last);
  }
}
