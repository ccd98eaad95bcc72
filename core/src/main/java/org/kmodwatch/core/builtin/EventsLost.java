package org.kmodwatch.core.builtin;

import java.util.List;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1011: events were lost, or an output accepts no events. The agent reports how many were lost
 * and why, at most every ten seconds. Each report is therefore a finding.
 */
public final class EventsLost implements Signature {

  private static final SignatureMetadata METADATA =
      new SignatureMetadata(
          "KMW-1011",
          "1",
          "Events about kernel modules lost",
          "kernel_module_events_lost",
          "Events about kernel modules were lost before anybody could look at them, for want of"
              + " room or since they could not be understood; or an output accepts nothing of what"
              + " it is given. Whoever relies on it does not know what they told.",
          null,
          AttackTechnique.DISABLE_TOOLS.properties(2, "defense-evasion"));

  private static final List<String> NAMES =
      List.of(EventNames.EVENTS_LOST, EventNames.OUTPUT_STALLED);

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public EventsLost() {}

  @Override
  public SignatureMetadata metadata() {
    return METADATA;
  }

  @Override
  public List<EventSelector> selectedEvents() {
    return NAMES.stream().map(name -> EventSelector.of(Event.SOURCE_TRACEE, name)).toList();
  }

  @Override
  public void onEvent(Event event, Verdict verdict) {
    if (NAMES.contains(event.eventName())) {
      verdict.raise(null);
    }
  }
}
