package org.kmodwatch.agent.watch;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.Value;

/** Creates the events that Kmodwatch emits about itself. No process caused them. */
public final class OwnEvents {

  private OwnEvents() {}

  /**
   * Creates an event about lost records.
   *
   * @param more arguments after those that each such event has
   */
  public static Event lost(
      String hostName, Instant now, long count, List<String> reasons, Argument... more) {
    var args = new ArrayList<Argument>();
    args.add(new Argument("count", "unsigned long", Value.of(count)));
    args.add(new Argument("reasons", "[]string", Value.ofStrings(reasons)));
    args.addAll(List.of(more));
    return event(hostName, EventNames.EVENTS_LOST, now, args);
  }

  public static Event event(String hostName, String name, Instant now, List<Argument> args) {
    return Event.builder(name, Inventory.nanos(now))
        .hostName(hostName)
        .returnValue(0L)
        .args(args)
        .build();
  }
}
