package org.kmodwatch.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.kmodwatch.agent.host.HiddenModules;
import org.kmodwatch.agent.host.ModulesBefore;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.load.LoadRecord;

/**
 * Tells the modules that were there before from those that come in while the watch begins, so that
 * each is written down once. It looks once the sensor is armed; a module that comes in between the
 * arming and the look is seen by both, and the sensor knows more of it. A module that was just
 * being loaded at that moment is left to the sensor too: it sees how the load ends. It is looked at
 * again each {@link #PATIENCE} while the kernel says that it is being loaded, and only written down
 * here if it is loaded at the look after that, and nobody has seen it come in; or if it is still
 * being loaded after {@link #LIMIT}.
 */
final class Inventory {

  static final Duration PATIENCE = Duration.ofSeconds(10);
  static final Duration LIMIT = Duration.ofMinutes(15);

  private static final Set<String> COMING_IN =
      Set.of(EventNames.MODULE_COMING, EventNames.MODULE_LOAD, EventNames.MODULE_INIT);

  private final Path root;
  private final LoadRecord.Host host;
  private final HiddenModules hidden;
  private final LongSupplier nanoTime;
  private ModulesBefore before = new ModulesBefore(List.of(), List.of());
  private List<LoadRecord> undecided = List.of();

  /** Those of them that were being loaded still at the last look. */
  private Set<String> loadingNames = Set.of();

  private long firstLookNanos;
  private long lookedNanos;

  /**
   * Makes one that has not looked.
   *
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  Inventory(Path root, LoadRecord.Host host, HiddenModules hidden, LongSupplier nanoTime) {
    this.root = root;
    this.host = host;
    this.hidden = hidden;
    this.nanoTime = nanoTime;
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
  }

  /**
   * Writes down what was there before.
   *
   * @param events what the sensor has seen between its arming and some time after the look
   * @return how many there were
   * @throws IOException if an output fails
   */
  int write(List<Event> events, Pipeline pipeline) throws IOException {
    var cameIn = new HashSet<String>();
    for (Event event : events) {
      if (COMING_IN.contains(event.eventName())) {
        event.stringArgument("name").ifPresent(cameIn::add);
      }
    }
    ModulesBefore there = before.without(cameIn);
    for (LoadRecord record : there.records()) {
      pipeline.acceptPreExisting(record);
      hidden.loaded(record, null);
    }
    undecided = there.loading();
    loadingNames = namesOf(undecided);
    before = new ModulesBefore(List.of(), List.of());
    return there.records().size();
  }

  /** Takes notice of a load or an unload that the sensor saw. */
  void joined(LoadRecord record) {
    String name = record.module().name();
    if (!undecided.isEmpty() && name != null && record.outcome() != LoadRecord.Outcome.REFUSED) {
      undecided = undecided.stream().filter(r -> !name.equals(r.module().name())).toList();
    }
  }

  /**
   * Decides about those that were just being loaded.
   *
   * @throws IOException if an output fails
   */
  void tick(Instant now, Pipeline pipeline) throws IOException {
    long nowNanos = nanoTime.getAsLong();
    if (undecided.isEmpty() || nowNanos - lookedNanos < PATIENCE.toNanos()) {
      return;
    }
    lookedNanos = nowNanos;
    ModulesBefore there = ModulesBefore.at(root, host, nanos(now));
    Set<String> loading = namesOf(there.loading());
    Set<String> loaded = namesOf(there.records());
    boolean late = nowNanos - firstLookNanos >= LIMIT.toNanos();
    var left = new ArrayList<LoadRecord>();
    for (LoadRecord record : undecided) {
      String name = String.valueOf(record.module().name());
      boolean wasLoading = loadingNames.contains(name);
      if (loading.contains(name) ? late : loaded.contains(name) && !wasLoading) {
        pipeline.acceptPreExisting(record);
      } else if (loading.contains(name) || loaded.contains(name)) {
        left.add(record);
      }
    }
    undecided = left;
    loadingNames = loading;
  }

  private static Set<String> namesOf(List<LoadRecord> records) {
    return records.stream()
        .map(record -> String.valueOf(record.module().name()))
        .collect(Collectors.toSet());
  }

  static long nanos(Instant time) {
    return time.getEpochSecond() * 1_000_000_000L + time.getNano();
  }
}
