package org.kmodwatch.core.event;

/**
 * Lists the names that Tracee's formats use for events about kernel modules, and the names of
 * Kmodwatch's events.
 */
public final class EventNames {

  /** System call: passes a module's bytes in memory. */
  public static final String INIT_MODULE = "init_module";

  /** System call: loads a module from a file descriptor. */
  public static final String FINIT_MODULE = "finit_module";

  /** System call: removes a module. */
  public static final String DELETE_MODULE = "delete_module";

  /** The kernel is about to read a file for its own use. {@code type} gives the purpose. */
  public static final String SECURITY_KERNEL_READ_FILE = "security_kernel_read_file";

  /** The kernel has read a file for its own use. */
  public static final String SECURITY_KERNEL_POST_READ_FILE = "security_kernel_post_read_file";

  /**
   * The kernel is about to copy data from user memory for its own use. {@code type} gives the
   * purpose.
   */
  public static final String SECURITY_KERNEL_LOAD_DATA = "security_kernel_load_data";

  /** The kernel has copied data from user memory for its own use. */
  public static final String SECURITY_KERNEL_POST_LOAD_DATA = "security_kernel_post_load_data";

  /** The kernel is about to start modprobe on behalf of the current task. */
  public static final String SECURITY_KERNEL_MODULE_REQUEST = "security_kernel_module_request";

  /** The kernel starts modprobe on behalf of the current task. */
  public static final String MODULE_REQUEST = "module_request";

  /** A module's parameters are about to be set. From this point on its code can run. */
  public static final String MODULE_COMING = "module_coming";

  /** A module is loaded, and its init function is about to run. */
  public static final String MODULE_LOAD = "module_load";

  /** A module's init function has returned. */
  public static final String MODULE_INIT = "module_init";

  /** A module's memory is about to be freed: after its exit function, or after its init failed. */
  public static final String MODULE_FREE = "module_free";

  /**
   * Kmodwatch's event: an init_module returned that was already reported as {@link #INIT_MODULE}
   * without a return value, because it took so long.
   */
  public static final String INIT_MODULE_RETURN = "init_module_return";

  /**
   * Kmodwatch's event: the exact bytes that the kernel received to load. It is reported once for
   * each attempt that reached this step. Arguments: {@code size}, {@code complete}, {@code sha256}
   * and the facts in the image itself (docs/reference/formats.md).
   */
  public static final String MODULE_IMAGE = "module_image";

  /**
   * Kmodwatch's event: a module is loaded, but two checks of {@code /proc/modules} or {@code
   * /sys/module} do not show it. Arguments: {@code name}, {@code missingFrom} (a list of those two
   * paths) and {@code loadId} of the load record.
   */
  public static final String MODULE_HIDDEN = "module_hidden";

  /**
   * Kmodwatch's event: a summary of the attempts of one user and cgroup that a limit suppressed. It
   * counts attempts by one system call with one result or, without a system call, requests for
   * modules. Arguments: {@code count}, {@code no_room} (the number suppressed because the lane was
   * full, not by the user's limit), {@code first} and {@code last}. The process is that of the last
   * attempt.
   */
  public static final String ATTEMPTS_SUPPRESSED = "attempts_suppressed";

  /**
   * Kmodwatch's event: events were lost since the last report of losses. Arguments: {@code count},
   * {@code reasons} and, if an output lost them, {@code output}.
   */
  public static final String EVENTS_LOST = "events_lost";

  /**
   * Kmodwatch's event: a part of the sensor misses events. Arguments: {@code part}, {@code detail}
   * and {@code since}.
   */
  public static final String SENSOR_BLIND = "sensor_blind";

  /**
   * Kmodwatch's event: a part of the sensor sees events again. Its arguments are those of {@link
   * #SENSOR_BLIND}.
   */
  public static final String SENSOR_RECOVERED = "sensor_recovered";

  /**
   * Kmodwatch's event: an output (standard output, the recording, a sink) has accepted nothing for
   * too long although events were waiting. Arguments: {@code output}, {@code detail} and {@code
   * since}.
   */
  public static final String OUTPUT_STALLED = "output_stalled";

  /**
   * Kmodwatch's event: an output accepts events again. Its arguments are those of {@link
   * #OUTPUT_STALLED}.
   */
  public static final String OUTPUT_RECOVERED = "output_recovered";

  /**
   * Kmodwatch's event: the clock was set. The event's time is the clock's time after that.
   * Arguments: {@code from} (the clock's time without the change), {@code to} (the time that it had
   * instead) and {@code byNanos}, negative if it was set back.
   */
  public static final String CLOCK_SET = "clock_set";

  private EventNames() {}
}
