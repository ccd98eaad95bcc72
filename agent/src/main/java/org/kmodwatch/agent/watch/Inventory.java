package org.kmodwatch.agent.watch;

import static org.kmodwatch.agent.state.ReportJournal.UNKNOWN;
import static org.kmodwatch.agent.state.ReportJournal.UNSEEN;
import static org.kmodwatch.agent.state.ReportJournal.possiblyReportedBefore;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.host.HiddenModules;
import org.kmodwatch.agent.host.ModulesBefore;
import org.kmodwatch.agent.state.KnownModules;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadEvent;
import org.kmodwatch.core.load.LoadRecord;

/**
 * Separates the modules loaded earlier from those that are loaded while the watch starts, so that
 * each is recorded once. It reads the module list after the sensor is armed. A module loaded
 * between the arming and this look is seen by both: then the sensor's record, which says more,
 * counts. A module that was still being loaded at the look is left to the sensor too, which sees
 * how the load ends. The inventory looks at it again after each {@link #PATIENCE}, while the kernel
 * says that it is being loaded. It records the module in two cases only. Either the module is
 * loaded at the look after that and no event of its load was seen. Or it is still being loaded
 * after {@link #LIMIT}.
 *
 * <p>If pinned programs have watched since the last process, it records only modules without a
 * record. An earlier process may have written that record since the boot, or the rings may yield it
 * now. If this cannot be known, it records all modules. Then each record says that it may be the
 * second one.
 */
public final class Inventory {

  static final Duration PATIENCE = Duration.ofSeconds(10);
  static final Duration LIMIT = Duration.ofMinutes(15);

  /** The longest wait for a reader that has not read the rings up to the first look. */
  private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(100);

  private final Path root;
  private final LoadRecord.Host host;
  private final HiddenModules hidden;
  private final LongSupplier nanoTime;
  private final @Nullable KnownModules known;
  private ModulesBefore before = new ModulesBefore(List.of(), List.of());
  private List<LoadRecord> undecided = List.of();

  /** The names of the undecided modules that were still being loaded at the last look. */
  private Set<String> loadingNames = Set.of();

  private long firstLookNanos;
  private long lookedNanos;
  private long firstLookEpochNanos;

  /**
   * Creates an inventory that has not looked yet.
   *
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   * @param known the modules with records, kept across restarts; null if every start is the first
   */
  Inventory(
      Path root,
      LoadRecord.Host host,
      HiddenModules hidden,
      LongSupplier nanoTime,
      @Nullable KnownModules known) {
    this.root = root;
    this.host = host;
    this.hidden = hidden;
    this.nanoTime = nanoTime;
    this.known = known;
  }

  /**
   * Reads the module list. The sensor must be armed.
   *
   * @param now the time for the records; no wait depends on it
   */
  void look(Instant now) {
    before = ModulesBefore.at(root, host, nanos(now));
    firstLookNanos = nanoTime.getAsLong();
    lookedNanos = firstLookNanos;
    firstLookEpochNanos = nanos(now);
  }

  /**
   * Returns the records of the modules that were loaded before the sensor was armed.
   *
   * @param events the events that the sensor saw between its arming and some time after the look
   */
  List<LoadRecord> loadedBefore(List<Event> events) {
    ModulesBefore there = before.without(cameIn(events));
    List<LoadRecord> records =
        there.records().stream()
            .map(record -> isRecorded(record) ? possiblyReportedBefore(record, UNSEEN) : record)
            .toList();
    if (known != null) {
      known.clear();
    }
    for (LoadRecord record : records) {
      remember(record);
      hidden.loaded(record, null);
    }
    undecided = there.loading();
    loadingNames = namesOf(undecided);
    before = new ModulesBefore(List.of(), List.of());
    return records;
  }

  /**
   * Starts to wait for modules without a record. Their events may still be in the rings.
   *
   * @param events the events that the sensor saw between its arming and some time after the look
   * @param sure whether every load was seen; if not, each module without an event in the rings is
   *     recorded
   * @param holes whether an earlier agent may have reported more than the state says
   */
  void resume(List<Event> events, boolean sure, boolean holes) {
    boolean complete = !holes && known != null && known.areOfThisBoot();
    ModulesBefore there = before.without(cameIn(events));
    undecided =
        Stream.concat(there.records().stream(), there.loading().stream())
            .filter(record -> !sure || !isRecorded(record))
            .map(record -> complete ? withDoubt(record) : possiblyReportedBefore(record, UNKNOWN))
            .toList();
    before = new ModulesBefore(List.of(), List.of());
    if (known != null && !sure) {
      known.clear();
    }
  }

  private boolean isRecorded(LoadRecord record) {
    return known != null && known.has(name(record));
  }

  private LoadRecord withDoubt(LoadRecord record) {
    return isRecorded(record)
        ? possiblyReportedBefore(record, UNSEEN)
        : ModulesBefore.inNoRecord(record);
  }

  private static Set<String> cameIn(List<Event> events) {
    var cameIn = new HashSet<String>();
    for (Event event : events) {
      if (comesIn(event)) {
        event.stringArgument("name").ifPresent(cameIn::add);
      }
    }
    return cameIn;
  }

  private void remember(LoadRecord record) {
    if (known != null) {
      known.joined(record);
    }
  }

  private static String name(LoadRecord record) {
    return String.valueOf(record.module().name());
  }

  /** Notes an event of an attempt that an earlier process recorded. */
  void reported(Event event) {
    String name = event.stringArgument("name").orElse("");
    if (comesIn(event)) {
      decided(name);
      if (known != null) {
        known.add(name);
      }
    } else if (known != null && LoadEvent.of(event) instanceof LoadEvent.Freed) {
      known.remove(name);
    }
  }

  private static boolean comesIn(Event event) {
    return switch (LoadEvent.of(event)) {
      case LoadEvent.Coming _, LoadEvent.Live _, LoadEvent.Init _ -> true;
      default -> false;
    };
  }

  /** Notes a load or an unload that the sensor saw. */
  void joined(LoadRecord record) {
    if (known != null) {
      known.joined(record);
    }
    String name = record.module().name();
    if (!undecided.isEmpty() && name != null && record.outcome() != LoadRecord.Outcome.REFUSED) {
      decided(name);
    }
  }

  private void decided(String name) {
    undecided = undecided.stream().filter(record -> !name.equals(name(record))).toList();
  }

  /** Writes the names of the modules recorded so far, after the outputs accepted the records. */
  void keep() {
    if (known != null) {
      known.keep();
    }
  }

  /**
   * Decides which undecided modules to record: those that were being loaded or have no record yet.
   *
   * @param seenUpToNanos the time up to which all events were read, in nanoseconds since the epoch
   * @return the records of the modules that were loaded earlier
   */
  List<LoadRecord> tick(Instant now, long seenUpToNanos) {
    long nowNanos = nanoTime.getAsLong();
    boolean behind =
        seenUpToNanos < firstLookEpochNanos
            && nowNanos - firstLookNanos < LONGEST_PATIENCE.toNanos();
    if (undecided.isEmpty() || behind || nowNanos - lookedNanos < PATIENCE.toNanos()) {
      return List.of();
    }
    lookedNanos = nowNanos;
    ModulesBefore there = ModulesBefore.at(root, host, nanos(now));
    Set<String> loading = namesOf(there.loading());
    Set<String> loaded = namesOf(there.records());
    boolean late = nowNanos - firstLookNanos >= LIMIT.toNanos();
    var decided = new ArrayList<LoadRecord>();
    var left = new ArrayList<LoadRecord>();
    for (LoadRecord record : undecided) {
      String name = name(record);
      boolean wasLoading = loadingNames.contains(name);
      if (loading.contains(name) ? late : loaded.contains(name) && !wasLoading) {
        remember(record);
        decided.add(record);
      } else if (loading.contains(name) || loaded.contains(name)) {
        left.add(record);
      }
    }
    undecided = left;
    loadingNames = loading;
    return decided;
  }

  private static Set<String> namesOf(List<LoadRecord> records) {
    return records.stream().map(Inventory::name).collect(Collectors.toSet());
  }

  public static long nanos(Instant time) {
    return time.getEpochSecond() * 1_000_000_000L + time.getNano();
  }
}
