package org.kmodwatch.core.event;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The facts that our own sensor has on an event beyond Tracee's form. The JSON has them under the
 * event's key {@value #KEY}, so a recording has the same facts as the live sensor. {@link
 * SensorContexts} converts between this class and a {@link Value}.
 *
 * @param callTimeNanos when the thread's current system call was entered, in nanoseconds since the
 *     epoch; 0 outside a call. With the host thread id it identifies one attempt.
 * @param returnTimeNanos when that call returned, in nanoseconds since the epoch; 0 if it has not
 * @param entryMissed whether the sensor missed the entry of the call. It first saw the call at its
 *     return, or has its facts from the thread's registers
 * @param crowdedOut whether the cause was that no work space was free in the kernel at the call's
 *     entry, because too many calls were running
 * @param file the file that the attempt loads from, as far as known; null for other attempts
 * @param moduleName the module's own name; null before the kernel has read it
 * @param signatureMissing whether the kernel has asked its lockdown rules about a module without a
 *     valid signature
 * @param lockdownVerdict the result of those rules, 0 or a negative errno; null if they were not
 *     asked
 * @param signatureResult the result of the kernel's signature check, 0 or a negative errno; null if
 *     the check has not ended, or was not seen. The check is module_sig_check in
 *     kernel/module/signing.c
 * @param refusedBy the security hook that refused the module, if no event reports the refusal:
 *     {@code security_locked_down} where the kernel is not locked down; null if no hook did
 * @param task facts on the task, on events that end an attempt or ask for a module; null on the
 *     others
 * @param clockShiftNanos the sum of the clock changes from the start of the sensor to the call's
 *     entry, or to the event outside a call. All times of the event include this shift. 0 if the
 *     clock was not set
 * @param stringsHidden whether the kernel prevents programs from reading char pointers and the
 *     caller's memory, because it is locked down for confidentiality
 * @param taints the taints that the module adds to the kernel, a bit set, on module_load; null on
 *     the others. The event's arguments in Tracee's form have no field for them
 */
public record SensorContext(
    long callTimeNanos,
    long returnTimeNanos,
    boolean entryMissed,
    boolean crowdedOut,
    @Nullable FileIdentity file,
    @Nullable String moduleName,
    boolean signatureMissing,
    @Nullable Long lockdownVerdict,
    @Nullable Long signatureResult,
    @Nullable String refusedBy,
    @Nullable Task task,
    long clockShiftNanos,
    boolean stringsHidden,
    @Nullable Long taints) {

  /**
   * Creates the context of an event without a clock shift, with a free work space, and with
   * readable strings.
   */
  public SensorContext(
      long callTimeNanos,
      long returnTimeNanos,
      boolean entryMissed,
      @Nullable FileIdentity file,
      @Nullable String moduleName,
      boolean signatureMissing,
      @Nullable Long lockdownVerdict,
      @Nullable Task task) {
    this(
        callTimeNanos,
        returnTimeNanos,
        entryMissed,
        false,
        file,
        moduleName,
        signatureMissing,
        lockdownVerdict,
        null,
        null,
        task,
        0,
        false,
        null);
  }

  /** Returns this context with the facts that are now known of its file. */
  public SensorContext withFile(FileIdentity known) {
    return new SensorContext(
        callTimeNanos,
        returnTimeNanos,
        entryMissed,
        crowdedOut,
        known,
        moduleName,
        signatureMissing,
        lockdownVerdict,
        signatureResult,
        refusedBy,
        task,
        clockShiftNanos,
        stringsHidden,
        taints);
  }

  /** The key that holds this context in an event's JSON. */
  public static final String KEY = "kmodwatch";

  /** The beginning of a path of which only the end is known. */
  public static final String CUT = "…/";

  /** The mark that the kernel appends to the path of a deleted file. A name may also end so. */
  public static final String DELETED_MARK = " (deleted)";

  /** The special properties that a file may have. */
  public enum FileTrait {
    /** The file is deleted: no name leads to it. */
    DELETED,
    /** The file never had a name in a file system: a memfd, a pipe, a socket. */
    ANONYMOUS,
    /**
     * The path is incomplete. "…" stands for the missing names, at the beginning or in the middle.
     */
    CUT,
    /**
     * The file was looked up only after the read, through the call's descriptor at that time. It
     * may be a different file.
     */
    LATE
  }

  /**
   * A file that the kernel had open.
   *
   * @param path from the root of the mount namespace; {@code pipe:[INODE]} and similar, as in
   *     /proc/PID/fd, and {@code /memfd:NAME} for files outside any file system tree
   * @param device the kernel's device number (major &lt;&lt; 20 | minor)
   * @param inode inode number, unsigned 64-bit
   * @param ctimeNanos time of last change, in nanoseconds since the epoch
   * @param here whether the same path led to the same file in the mount namespace of Kmodwatch;
   *     null if this was not checked
   */
  public record FileIdentity(
      String path,
      long device,
      long inode,
      long ctimeNanos,
      Set<FileTrait> traits,
      @Nullable Boolean here) {

    public FileIdentity {
      traits = Set.copyOf(traits);
    }

    /**
     * Creates the identity of a file that was looked up at its read. The path is complete unless it
     * begins with "…".
     */
    public FileIdentity(String path, long device, long inode, long ctimeNanos) {
      this(
          path,
          device,
          inode,
          ctimeNanos,
          path.startsWith(CUT) ? Set.of(FileTrait.CUT) : Set.of(),
          null);
    }

    public boolean is(FileTrait trait) {
      return traits.contains(trait);
    }

    /** Returns this identity with the result of the check in Kmodwatch's mount namespace. */
    public FileIdentity found(boolean isHere) {
      return new FileIdentity(path, device, inode, ctimeNanos, traits, isHere);
    }
  }

  /**
   * Describes the task, beyond {@link ProcessContext}.
   *
   * @param effectiveUserId effective user id, unsigned 32-bit
   * @param loginUserId the audit login uid, unsigned 32-bit; 4294967295 if never set; null where
   *     the kernel has none
   * @param sessionId the audit session, unsigned 32-bit; 4294967295 if never set; null where the
   *     kernel has none
   * @param effectiveCapabilities bit set of effective capabilities, bit N is capability N
   * @param namespaces inode numbers by the names of /proc/PID/ns
   * @param cgroupPath path of the cgroup from the root of its hierarchy; empty if it could not be
   *     read. In a path that is too long, "…" stands for names in its middle
   * @param arguments the command line; empty if it could not be read
   * @param argumentsCut whether the command line was longer than the part read
   * @param ancestors the parent first, up to the kernel's limit of eight
   * @param modprobePath the program that the kernel would start to load a module, on events that
   *     ask for one; null on the others
   */
  public record Task(
      long effectiveUserId,
      @Nullable Long loginUserId,
      @Nullable Long sessionId,
      long effectiveCapabilities,
      Map<String, Long> namespaces,
      String cgroupPath,
      List<String> arguments,
      boolean argumentsCut,
      List<Ancestor> ancestors,
      @Nullable String modprobePath) {

    /** Copies the collections. */
    public Task {
      namespaces = Collections.unmodifiableMap(new LinkedHashMap<>(namespaces));
      arguments = List.copyOf(arguments);
      ancestors = List.copyOf(ancestors);
    }

    /**
     * Returns whether capability number {@code capability} is effective, for example 16 for
     * CAP_SYS_MODULE.
     */
    public boolean has(int capability) {
      return (effectiveCapabilities >>> capability & 1) != 0;
    }
  }

  /**
   * Describes an ancestor of the process.
   *
   * @param hostProcessId process id on the host
   * @param name the ancestor's comm
   * @param executablePath the file that it executes; after "…" only the end of the path; null for a
   *     kernel thread
   * @param startTimeNanos when it started, in nanoseconds since the epoch
   */
  public record Ancestor(
      int hostProcessId, String name, @Nullable String executablePath, long startTimeNanos) {}
}
