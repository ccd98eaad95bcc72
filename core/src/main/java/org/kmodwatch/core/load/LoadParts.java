package org.kmodwatch.core.load;

import java.util.Set;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.ReadPurpose;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;

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

  private static final Set<String> FILE_READS =
      Set.of(EventNames.SECURITY_KERNEL_READ_FILE, EventNames.SECURITY_KERNEL_POST_READ_FILE);

  private LoadParts() {}

  /**
   * Whether a {@code security_kernel_read_file} or a {@code security_kernel_post_read_file} is
   * about the module that the thread's call loads. A module's own code may have the kernel read
   * another one.
   */
  static boolean isOfTheCall(Event event) {
    if (!ReadPurpose.isModule(event)) {
      return false;
    }
    SensorContext context = SensorContexts.of(event).orElse(null);
    return context == null
        || context.callTimeNanos() == 0
        || (context.file() != null && event.syscall().equals(EventNames.FINIT_MODULE));
  }

  /** Whether {@code event} is a part of an attempt to load a module, or its record. */
  public static boolean isPartOfALoad(Event event) {
    if (PARTS_OF_A_LOAD.contains(event.eventName())) {
      return true;
    }
    return FILE_READS.contains(event.eventName()) && isOfTheCall(event);
  }
}
