package org.kmodwatch.sensor;

import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.EventNames;

/**
 * The numbers that go with event names in the flat form. System calls have those of x86-64, as the
 * peer does; for the rest the peer's numbers change between releases, so ours are from a range that
 * it does not use. Nothing should depend on them.
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

  private static final Map<String, String> SYSTEM_CALLS =
      Map.of(
          EventNames.INIT_MODULE,
          "175",
          EventNames.DELETE_MODULE,
          "176",
          EventNames.FINIT_MODULE,
          "313");

  private EventIds() {}

  static String of(String eventName) {
    String call = SYSTEM_CALLS.get(eventName);
    return call != null ? call : Integer.toString(FIRST_OF_OURS + OURS.indexOf(eventName));
  }
}
