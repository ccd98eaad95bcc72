package org.kmodwatch.core.signatures;

import java.util.List;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1011: events were lost. The agent tells how many and why, at most every ten seconds, so each
 * is a finding.
 */
public final class EventsLost implements Signature {

  private static final SignatureMetadata METADATA =
      new SignatureMetadata(
          "KMW-1011",
          "1",
          "Events about kernel modules lost",
          "kernel_module_events_lost",
          "Events about kernel modules were lost before anybody could look at them, for want of"
              + " room or since they could not be understood. What they told is not known.",
          null,
          Attack.DISABLE_TOOLS.properties(2, "defense-evasion"));

  /** Made by {@link java.util.ServiceLoader}. */
  public EventsLost() {}

  @Override
  public SignatureMetadata metadata() {
    return METADATA;
  }

  @Override
  public List<EventSelector> selectedEvents() {
    return List.of(EventSelector.of(Event.SOURCE_TRACEE, EventNames.EVENTS_LOST));
  }

  @Override
  public void onEvent(Event event, Verdict verdict) {
    if (event.eventName().equals(EventNames.EVENTS_LOST)) {
      verdict.raise(null);
    }
  }
}
