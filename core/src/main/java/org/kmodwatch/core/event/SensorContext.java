package org.kmodwatch.core.event;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What our own sensor knows about an event beyond the peer's form. In JSON it stands under the
 * event's key {@value #KEY}, so that a recording of ours tells as much as the live sensor; {@link
 * SensorContexts} turns it into a {@link Value} and back.
 *
 * @param callTimeNanos when the system call that the thread is in was entered, nanoseconds since
 *     the epoch; 0 outside a call. With the host thread id it names one attempt.
 * @param returnTimeNanos when that call returned, nanoseconds since the epoch; 0 if it has not
 * @param entryMissed whether the entry of the call was not seen: it was first seen at its return,
 *     or what is told of it is from the thread's registers
 * @param crowdedOut whether that is since no work space was free in the kernel when the call was
 *     entered: too many calls were under way at once
 * @param file the file that the attempt loads from, as far as it is known by now; null for other
 *     attempts
 * @param moduleName the module's own name, once the kernel has read it; null before
 * @param signatureMissing whether the kernel has asked its lockdown rules about a module without a
 *     valid signature
 * @param lockdownVerdict what those rules answered, 0 or a negative errno; null if they were not
 *     asked
 * @param signatureResult what the kernel's check of the signature returned, 0 or a negative errno
 *     (module_sig_check in kernel/module/signing.c); null if it has not ended, or was not seen
 * @param refusedBy the hook of the security modules that refused the module, if no event tells of
 *     it: {@code security_locked_down} where the kernel is not locked down; null if none did
 * @param task who did it, on events that end an attempt or ask for a module; null on the others
 * @param clockShiftNanos by how much the clock, as it was set when the call was entered, is ahead
 *     of what it would be if nobody had set it since the sensor started; outside a call, when the
 *     event happened. All times of the event were made with it. 0 where nobody has set it
 * @param stringsHidden whether the kernel lets no program read what a char pointer leads to, nor
 *     the caller's memory: it is locked down for confidentiality
 * @param taints what the module brings on the kernel, a bit set, on module_load, whose arguments in
 *     the peer's form have no place for it; null on the others
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

  /** Of a clock that nobody has set, a call that found a work space, and strings that are read. */
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

  /** The same with what is known of its file by now. */
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

  /** The event's key in JSON. */
  public static final String KEY = "kmodwatch";

  /** What a path begins with of which only the end is known. */
  public static final String CUT = "…/";

  /** What the kernel writes behind the path of a file that no name leads to, as a name may end. */
  public static final String DELETED_MARK = " (deleted)";

  /** What is to be known of a file's path. */
  public enum FileTrait {
    /** No name leads to the file. */
    DELETED,
    /** It never had a place in a tree of names: a memfd, a pipe, a socket. */
    ANONYMOUS,
    /**
     * The path lacks names: at its beginning, then it begins with "…", or in the middle, where "…"
     * stands for them.
     */
    CUT,
    /**
     * The file was looked for only after it had been read, by what the call's descriptor led to
     * then: it may be another.
     */
    LATE
  }

  /**
   * A file, as the kernel had it open.
   *
   * @param path from the root of the mount namespace; of what is in no tree of names {@code
   *     pipe:[INODE]} and the like, as in /proc/PID/fd, and {@code /memfd:NAME}
   * @param device the kernel's device number (major &lt;&lt; 20 | minor)
   * @param inode inode number, unsigned 64-bit
   * @param ctimeNanos time of last change, nanoseconds since the epoch
   * @param here whether the same path led to the same file in the mount namespace of Kmodwatch;
   *     null if nobody looked
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

    /** With a path that is whole, unless it begins with "…", and seen as it was read. */
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

    /** The same after somebody has looked. */
    public FileIdentity found(boolean isHere) {
      return new FileIdentity(path, device, inode, ctimeNanos, traits, isHere);
    }
  }

  /**
   * Who did it, beyond {@link ProcessContext}.
   *
   * @param effectiveUserId effective user id, unsigned 32-bit
   * @param loginUserId the audit login uid, unsigned 32-bit; 4294967295 if never set; null where
   *     the kernel has none
   * @param sessionId the audit session, unsigned 32-bit; 4294967295 if never set; null where the
   *     kernel has none
   * @param effectiveCapabilities bit set of effective capabilities, bit N is capability N
   * @param namespaces inode numbers by the names of /proc/PID/ns
   * @param cgroupPath path of the cgroup from the root of its hierarchy; empty if it could not be
   *     read; where it is too long, "…" stands for names in its middle
   * @param arguments the command line; empty if it could not be read
   * @param argumentsCut whether the command line was longer than what was read
   * @param ancestors the parent first, up to the kernel's limit of eight
   * @param modprobePath what the kernel would start to load a module, on events that ask for one;
   *     null on the others
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
     * Whether capability number {@code capability} is effective, for example 16 for CAP_SYS_MODULE.
     */
    public boolean has(int capability) {
      return (effectiveCapabilities >>> capability & 1) != 0;
    }
  }

  /**
   * A parent, or a parent's parent.
   *
   * @param hostProcessId process id on the host
   * @param name its comm
   * @param executablePath the file it executes, behind "…" only the end of its path; null for a
   *     kernel thread
   * @param startTimeNanos when it started, nanoseconds since the epoch
   */
  public record Ancestor(
      int hostProcessId, String name, @Nullable String executablePath, long startTimeNanos) {}
}
