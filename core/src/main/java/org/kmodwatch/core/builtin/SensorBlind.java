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
 * KMW-1012: a part of the sensor misses events. The agent reports each part once until it recovers,
 * so each report is a finding.
 */
public final class SensorBlind implements Signature {

  private static final SignatureMetadata METADATA =
      new SignatureMetadata(
          "KMW-1012",
          "1",
          "Sensor of kernel module loads blind",
          "kernel_module_sensor_blind",
          "A part of the sensor does not see what it should: its own harmless call did not come"
              + " back by it, its hooks are switched off, or its account was written to. Loads may"
              + " pass unseen until it is mended.",
          null,
          AttackTechnique.DISABLE_TOOLS.properties(3, "defense-evasion"));

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public SensorBlind() {}

  @Override
  public SignatureMetadata metadata() {
    return METADATA;
  }

  @Override
  public List<EventSelector> selectedEvents() {
    return List.of(EventSelector.of(Event.SOURCE_TRACEE, EventNames.SENSOR_BLIND));
  }

  @Override
  public void onEvent(Event event, Verdict verdict) {
    if (event.eventName().equals(EventNames.SENSOR_BLIND)) {
      verdict.raise(null);
    }
  }
}
