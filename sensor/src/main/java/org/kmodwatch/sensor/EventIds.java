package org.kmodwatch.sensor;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.EventNames;

/**
 * The numbers of event names in the flat form. System calls have the numbers of x86-64, as in
 * Tracee. Tracee's other numbers change between releases, so ours are from a range that Tracee does
 * not use. Nothing should depend on them.
 */
final class EventIds {

  private static final int FIRST_OF_OURS = 9001;

  private static final List<String> OURS =
      List.of(
          EventNames.SECURITY_KERNEL_READ_FILE,
          EventNames.SECURITY_KERNEL_POST_READ_FILE,
          EventNames.SECURITY_KERNEL_LOAD_DATA,
          EventNames.SECURITY_KERNEL_POST_LOAD_DATA,
          EventNames.SECURITY_KERNEL_MODULE_REQUEST,
          EventNames.MODULE_REQUEST,
          EventNames.MODULE_COMING,
          EventNames.MODULE_LOAD,
          EventNames.MODULE_INIT,
          EventNames.MODULE_FREE,
          EventNames.INIT_MODULE_RETURN,
          EventNames.MODULE_IMAGE,
          EventNames.ATTEMPTS_SUPPRESSED);

  private static final Map<String, String> BY_NAME = byName();

  private EventIds() {}

  /** Returns the number of an event. */
  static String of(String eventName) {
    return BY_NAME.getOrDefault(eventName, "0");
  }

  private static Map<String, String> byName() {
    var ids = new HashMap<String, String>();
    for (int i = 0; i < OURS.size(); i++) {
      ids.put(OURS.get(i), Integer.toString(FIRST_OF_OURS + i));
    }
    ids.put(EventNames.INIT_MODULE, "175");
    ids.put(EventNames.DELETE_MODULE, "176");
    ids.put(EventNames.FINIT_MODULE, "313");
    return ids;
  }
}
