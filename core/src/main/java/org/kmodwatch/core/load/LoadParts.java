package org.kmodwatch.core.load;

import java.util.Set;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;

/** Tells which events a load record will speak for. */
public final class LoadParts {

  private static final Set<String> PARTS_OF_A_LOAD =
      Set.of(
          EventNames.INIT_MODULE,
          EventNames.FINIT_MODULE,
          EventNames.DELETE_MODULE,
          EventNames.INIT_MODULE_RETURN,
          EventNames.SECURITY_KERNEL_LOAD_DATA,
          EventNames.SECURITY_KERNEL_POST_LOAD_DATA,
          EventNames.MODULE_COMING,
          EventNames.MODULE_LOAD,
          EventNames.MODULE_INIT,
          LoadRecord.EVENT_NAME);

  private LoadParts() {}

  /** Whether {@code event} is a part of an attempt to load a module, or its record. */
  public static boolean isPartOfALoad(Event event) {
    return PARTS_OF_A_LOAD.contains(event.eventName())
        || (LoadEvent.of(event) instanceof LoadEvent.FileRead read && read.ofTheCall());
  }
}
