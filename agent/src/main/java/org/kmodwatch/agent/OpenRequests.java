package org.kmodwatch.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.EventWeight;
import org.kmodwatch.core.event.KernelModprobe;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.LoadRecord;

/**
 * Finds the requests for modules that lead to no load, so that they can be shown. A request waits
 * for a load that names it; the two events that the kernel has for one request are one, and so is
 * what a thread asks for again while it waits. This is for people and in a hurry: the tracker's
 * account of requests waits longer.
 */
final class OpenRequests {

  /** A load is complete within 5 s, and modprobe needs some time before. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Past this many the oldest does not wait any longer. */
  static final int MAX_OPEN = 1024;

  /** Nor past this many bytes of their events, about: who asks decides how large one is. */
  static final long MAX_BYTES = 4L << 20;

  private static final Set<String> LOADS = Set.of(EventNames.INIT_MODULE, EventNames.FINIT_MODULE);

  private final Map<Key, Event> open = new LinkedHashMap<>();
  private long bytes;
  private final List<Event> withoutLoad = new ArrayList<>();

  private record Key(String alias, int hostThreadId) {}

  /** Takes notice of a request, and of a load that is under way. */
  void event(Event event) {
    if (LOADS.contains(event.eventName()) && event.returnValue() == null) {
      underWay(event);
      return;
    }
    boolean asked = event.eventName().equals(EventNames.SECURITY_KERNEL_MODULE_REQUEST);
    if (!asked && !event.eventName().equals(EventNames.MODULE_REQUEST)) {
      return;
    }
    Long returned = event.returnValue();
    if (asked && returned != null && returned < 0) {
      withoutLoad.add(event);
      return;
    }
    Optional<String> alias =
        event.stringArgument("kmod_name").or(() -> event.stringArgument("name"));
    var key = new Key(alias.orElse(""), event.process().hostThreadId());
    if (open.putIfAbsent(key, event) == null) {
      bytes += EventWeight.of(event);
    }
    Iterator<Event> oldest = open.values().iterator();
    while (open.size() > MAX_OPEN || bytes > MAX_BYTES) {
      giveUp(oldest);
    }
  }

  private void giveUp(Iterator<Event> requests) {
    Event request = requests.next();
    requests.remove();
    bytes -= EventWeight.of(request);
    withoutLoad.add(request);
  }

  /** A call that takes long: its record will tell, however long it takes. */
  private void underWay(Event event) {
    SensorContext.Task task = SensorContexts.of(event).map(SensorContext::task).orElse(null);
    // A kernel thread executes no file.
    if (task == null
        || task.ancestors().isEmpty()
        || task.ancestors().getFirst().executablePath() != null) {
      return;
    }
    String alias = KernelModprobe.aliasIn(task.arguments());
    if (alias != null) {
      answered(alias);
    }
  }

  /** Takes notice of a load: what asked for it has got an answer. */
  void joined(LoadRecord load) {
    LoadRecord.Requester requester = load.requester();
    if (requester != null) {
      answered(requester.alias());
    }
  }

  private void answered(String alias) {
    open.entrySet()
        .removeIf(
            request -> {
              boolean answered = request.getKey().alias().equals(alias);
              if (answered) {
                bytes -= EventWeight.of(request.getValue());
              }
              return answered;
            });
  }

  /** Gives up those that have waited long enough. */
  void tick(long nowNanos) {
    // In the order in which they came, so the first that is not due ends it.
    while (!open.isEmpty()
        && nowNanos - SensorContexts.steadyNanos(open.values().iterator().next())
            >= PATIENCE.toNanos()) {
      giveUp(open.values().iterator());
    }
  }

  /** Gives up all. */
  void finish() {
    withoutLoad.addAll(open.values());
    open.clear();
    bytes = 0;
  }

  /** Those that led to no load and have not been taken yet. */
  List<Event> take() {
    if (withoutLoad.isEmpty()) {
      return List.of();
    }
    List<Event> taken = List.copyOf(withoutLoad);
    withoutLoad.clear();
    return taken;
  }
}
