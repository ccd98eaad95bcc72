package org.kmodwatch.core.event;

/**
 * The names of the events that have to do with kernel modules, as the peer's formats spell them.
 */
public final class EventNames {

  /** System call: a module's bytes are handed over in memory. */
  public static final String INIT_MODULE = "init_module";

  /** System call: a module is loaded from a file descriptor. */
  public static final String FINIT_MODULE = "finit_module";

  /** System call: a module is removed. */
  public static final String DELETE_MODULE = "delete_module";

  /** The kernel is about to read a file for its own use; {@code type} says what for. */
  public static final String SECURITY_KERNEL_READ_FILE = "security_kernel_read_file";

  /** The kernel has read a file for its own use. */
  public static final String SECURITY_KERNEL_POST_READ_FILE = "security_kernel_post_read_file";

  /**
   * The kernel is about to take data from user memory for its own use; {@code type} says what for.
   */
  public static final String SECURITY_KERNEL_LOAD_DATA = "security_kernel_load_data";

  /** The kernel has taken data from user memory for its own use. */
  public static final String SECURITY_KERNEL_POST_LOAD_DATA = "security_kernel_post_load_data";

  /** The kernel is about to start modprobe on behalf of the current task. */
  public static final String SECURITY_KERNEL_MODULE_REQUEST = "security_kernel_module_request";

  /** The kernel starts modprobe on behalf of the current task. */
  public static final String MODULE_REQUEST = "module_request";

  /** A module's parameters are about to be set: the first moment at which its code can run. */
  public static final String MODULE_COMING = "module_coming";

  /** A module is in place and its init function is about to run. */
  public static final String MODULE_LOAD = "module_load";

  /** A module's init function has returned. */
  public static final String MODULE_INIT = "module_init";

  /**
   * A module's memory is about to be given back: after its exit function, or after its init failed.
   */
  public static final String MODULE_FREE = "module_free";

  /**
   * Ours: an init_module has returned that had been reported as {@link #INIT_MODULE} without a
   * return value, because it took so long.
   */
  public static final String INIT_MODULE_RETURN = "init_module_return";

  /**
   * Ours: what exactly the kernel was given to load, told once for each attempt that came so far.
   * Arguments: {@code size}, {@code complete}, {@code sha256} and what the image says of itself
   * (docs/reference/formats.md).
   */
  public static final String MODULE_IMAGE = "module_image";

  /**
   * Ours: a module is loaded, but {@code /proc/modules} or {@code /sys/module} does not show it,
   * looked at twice. Arguments: {@code name}, {@code missingFrom} (a list of those two paths) and
   * {@code loadId} of the load record.
   */
  public static final String MODULE_HIDDEN = "module_hidden";

  /**
   * Ours: what a limit held back of one user and cgroup, summed up: attempts by one system call
   * with one result, or, without a system call, requests for modules. Arguments: {@code count},
   * {@code no_room} (how many of them since the lane was full, and not by the user's limit), {@code
   * first} and {@code last}. The process is that of the last.
   */
  public static final String ATTEMPTS_SUPPRESSED = "attempts_suppressed";

  /**
   * Ours: events were lost since the last time that this was told. Arguments: {@code count}, {@code
   * reasons} and, where an output lost them on their way out, {@code output}.
   */
  public static final String EVENTS_LOST = "events_lost";

  /**
   * Ours: a part of the sensor does not see what it should. Arguments: {@code part}, {@code detail}
   * and {@code since}.
   */
  public static final String SENSOR_BLIND = "sensor_blind";

  /** Ours: a part of the sensor sees again. Arguments as of {@link #SENSOR_BLIND}. */
  public static final String SENSOR_RECOVERED = "sensor_recovered";

  /**
   * Ours: an output (standard output, the recording, a sink) has had something to accept for too
   * long and has accepted none of it. Arguments: {@code output}, {@code detail} and {@code since}.
   */
  public static final String OUTPUT_STALLED = "output_stalled";

  /** Ours: an output accepts again. Arguments as of {@link #OUTPUT_STALLED}. */
  public static final String OUTPUT_RECOVERED = "output_recovered";

  /**
   * Ours: somebody set the clock. Its time is what the clock showed then. Arguments: {@code from}
   * (what it would have shown), {@code to} (what it showed instead) and {@code byNanos}, negative
   * if it was set back.
   */
  public static final String CLOCK_SET = "clock_set";

  private EventNames() {}
}
