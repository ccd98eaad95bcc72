package org.kmodwatch.agent.host;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
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

/**
 * Looks whether what was loaded is shown where the kernel shows its modules: one second after the
 * load and again one second later, since a module that is on its way in or out is absent for a
 * moment. Absent at both times from the same place, it is hidden. No thread of its own: {@link
 * #tick} does it.
 */
public final class HiddenModules {

  /** Past this many at a time the newest are not looked after, and counted. */
  static final int MAX_WAITING = 1024;

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final ModuleList list;
  private final LongSupplier nanoTime;
  private final Deque<Check> waiting = new ArrayDeque<>();

  /**
   * Names that came in a second time while the first was looked after: the kernel only allows that
   * for one that is off its list. It may be the second one that goes, so neither is forgotten.
   */
  private final Set<String> loadedAgain = new HashSet<>();

  private long unchecked;

  /**
   * Looks at the host whose file system begins at {@code root}.
   *
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  public HiddenModules(Path root, LongSupplier nanoTime) {
    this.list = new ModuleList(root);
    this.nanoTime = nanoTime;
  }

  /**
   * A look that is to be made, the second one if {@code missingBefore} is there.
   *
   * @param sinceNanos from when on it has waited, by the clock that nobody can set
   */
  private record Check(
      LoadRecord record,
      String name,
      @Nullable Event basis,
      long sinceNanos,
      @Nullable List<String> missingBefore) {}

  /**
   * Looks after {@code record} if it is of a module that is in the kernel now.
   *
   * @param basis what the record is known by; null if it was there before
   */
  public void loaded(LoadRecord record, @Nullable Event basis) {
    String name = record.module().name();
    if (name == null) {
      return;
    }
    if (record.outcome() == LoadRecord.Outcome.UNLOADED) {
      forget(name);
    } else if (record.outcome() == LoadRecord.Outcome.LOADED) {
      if (waiting.size() >= MAX_WAITING) {
        unchecked++;
      } else {
        waiting.addLast(new Check(record, name, basis, nanoTime.getAsLong(), null));
      }
    }
  }

  /** Takes notice of a module that goes. */
  public void event(Event event) {
    if (waiting.isEmpty()) {
      return;
    }
    if (event.eventName().equals(EventNames.MODULE_FREE)) {
      event.stringArgument("name").ifPresent(this::forget);
    } else if (event.eventName().equals(EventNames.MODULE_LOAD)) {
      event.stringArgument("name").filter(this::isWaiting).ifPresent(loadedAgain::add);
    }
  }

  /**
   * Makes the looks that are due, and hands {@code sink} an event for each hidden module.
   *
   * @param now what the events say; nothing waits by it
   */
  public void tick(Instant now, Consumer<Event> sink) {
    // All wait equally long, so the first is due first.
    long nowNanos = nanoTime.getAsLong();
    while (!waiting.isEmpty() && nowNanos - waiting.getFirst().sinceNanos() >= INTERVAL.toNanos()) {
      Check check = waiting.removeFirst();
      List<String> missing = list.missingFrom(check.name());
      if (check.missingBefore() == null) {
        if (!missing.isEmpty()) {
          waiting.addLast(
              new Check(check.record(), check.name(), check.basis(), nowNanos, missing));
        }
        continue;
      }
      List<String> both = check.missingBefore().stream().filter(missing::contains).toList();
      if (!both.isEmpty()) {
        sink.accept(hidden(check, both, now));
      }
    }
    loadedAgain.removeIf(name -> !isWaiting(name));
  }

  /** Whether a look is still to be made. */
  public boolean isPending() {
    return !waiting.isEmpty();
  }

  /** How many loads were not looked after, since too many were waiting. */
  public long unchecked() {
    return unchecked;
  }

  private void forget(String name) {
    if (!loadedAgain.contains(name)) {
      waiting.removeIf(check -> check.name().equals(name));
    }
  }

  private boolean isWaiting(String name) {
    return waiting.stream().anyMatch(check -> check.name().equals(name));
  }

  private static Event hidden(Check check, List<String> missingFrom, Instant now) {
    long time = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    var args = new ArrayList<Argument>();
    args.add(new Argument("name", "string", Value.of(check.name())));
    args.add(new Argument("missingFrom", "[]string", Value.ofStrings(missingFrom)));
    args.add(new Argument("loadId", "string", Value.of(check.record().id())));
    Optional<Event> basis = Optional.ofNullable(check.basis());
    String hostName = check.record().host().name();
    return new Event(
        Event.SOURCE_TRACEE,
        time,
        basis.map(Event::process).orElseGet(HiddenModules::nobody),
        basis.map(Event::hostName).orElse(hostName == null ? "" : hostName),
        basis.map(Event::container).orElse(ContainerContext.NONE),
        basis.map(Event::kubernetes).orElse(KubernetesContext.NONE),
        "0",
        EventNames.MODULE_HIDDEN,
        null,
        0L,
        "",
        null,
        basis.map(Event::containerStarted).orElse(false),
        false,
        args,
        null,
        Map.of());
  }

  /** Who loaded it is not known; pid 0 is nobody's. */
  private static ProcessContext nobody() {
    return new ProcessContext(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", null, null);
  }
}
