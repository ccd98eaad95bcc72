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
 * Tells the modules that were there before from those that come in while the watch begins, so that
 * each is written down once. It looks once the sensor is armed; a module that comes in between the
 * arming and the look is seen by both, and the sensor knows more of it. A module that was just
 * being loaded at that moment is left to the sensor too: it sees how the load ends. It is looked at
 * again each {@link #PATIENCE} while the kernel says that it is being loaded, and only written down
 * here if it is loaded at the look after that, and nobody has seen it come in; or if it is still
 * being loaded after {@link #LIMIT}.
 *
 * <p>Where pinned programs have watched since the last process, only those modules are written down
 * that are in no record: neither in one that an earlier process wrote since the machine was booted,
 * nor in one that comes out of the rings now. Where that cannot be known, all are, and the record
 * says that it may be the second.
 */
public final class Inventory {

  static final Duration PATIENCE = Duration.ofSeconds(10);
  static final Duration LIMIT = Duration.ofMinutes(15);

  /** Whoever has not come to the end of what was in the rings by then is not waited for. */
  private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(100);

  private final Path root;
  private final LoadRecord.Host host;
  private final HiddenModules hidden;
  private final LongSupplier nanoTime;
  private final @Nullable KnownModules known;
  private ModulesBefore before = new ModulesBefore(List.of(), List.of());
  private List<LoadRecord> undecided = List.of();

  /** Those of them that were being loaded still at the last look. */
  private Set<String> loadingNames = Set.of();

  private long firstLookNanos;
  private long lookedNanos;
  private long firstLookEpochNanos;

  /**
   * Makes one that has not looked.
   *
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   * @param known what there are records of, over restarts; null if every start is the first
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
   * Looks; the sensor is armed by now.
   *
   * @param now what the records say; nothing waits by it
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
   * @param events what the sensor has seen between its arming and some time after the look
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
   * Waits for what is in no record yet, of which the rings may still have the events.
   *
   * @param events what the sensor has seen between its arming and some time after the look
   * @param sure whether nobody can have loaded a module unseen; if not, every module is written
   *     down that does not come out of the rings
   * @param holes whether more may have been told than the state says
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

  /** Takes notice of an event of an attempt of which an earlier process wrote the record. */
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

  /** Takes notice of a load or an unload that the sensor saw. */
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

  /** Writes down what is in the records so far, which are out of this process's hands. */
  void keep() {
    if (known != null) {
      known.keep();
    }
  }

  /**
   * Decides about those that were just being loaded, or are in no record yet.
   *
   * @param seenUpToNanos up to when everything that happened was read, since the epoch
   * @return the records of those that were loaded before, too
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
