package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;

/**
 * One attempt to load or unload one module, or one request for a module that was refused or led to
 * no load (schema {@value #SCHEMA}, docs/reference/load-record.md). What is not known is null, an
 * empty list or false, and absent in JSON; {@code gaps} says why something that was tried is
 * missing.
 *
 * @param id stable over reading the same events again
 * @param timeNanos when the attempt began, nanoseconds since the epoch
 * @param durationNanos from then until the call returned; null if it has not
 * @param host where it happened
 * @param action load, unload or request
 * @param outcome what became of it
 * @param returnValue what the call returned, 0 or a negative errno; null if it has not returned
 * @param errno the errno's name; null where there was none
 * @param reason in words, why it was refused or failed; null where it was neither
 * @param route how the module came in
 * @param module what the kernel, and else the image, said of the module
 * @param image the bytes that the kernel was given; null if they were not taken
 * @param file what it was loaded from; null if not from a file, or not known
 * @param loader the process that made the system call; null where nobody was seen
 * @param requester on whose behalf the kernel started modprobe; null where nobody asked through the
 *     kernel
 * @param codeMayHaveRun whether code of the module may have run although the attempt was refused or
 *     failed
 * @param preExisting whether it was loaded before Kmodwatch started, so that only its existence is
 *     known
 * @param retryOf id of the attempt by the same process just before, of which this is the second
 *     try; null otherwise
 * @param waitedOn id of the attempt whose result this one was given, since both were for one file
 *     at once; null otherwise
 * @param container the container of the requester, or of the loader where nobody asked
 * @param kubernetes likewise the pod
 * @param findings ids of the findings that were raised on it or on its events
 * @param policy what the operator's policy says of it; null if there is none
 * @param repeats how many attempts this record stands for
 * @param gaps what is missing, and why
 */
public record LoadRecord(
    String id,
    long timeNanos,
    @Nullable Long durationNanos,
    Host host,
    Action action,
    Outcome outcome,
    @Nullable Long returnValue,
    @Nullable String errno,
    @Nullable String reason,
    Route route,
    ModuleDetails module,
    @Nullable Image image,
    @Nullable ModuleFile file,
    @Nullable ProcessDetails loader,
    @Nullable Requester requester,
    boolean codeMayHaveRun,
    boolean preExisting,
    @Nullable String retryOf,
    @Nullable String waitedOn,
    ContainerContext container,
    KubernetesContext kubernetes,
    List<String> findings,
    @Nullable Policy policy,
    int repeats,
    List<Gap> gaps) {

  /** The schema's name and version. */
  public static final String SCHEMA = "kmodwatch.load/1";

  /** The name of the event that a record is. */
  public static final String EVENT_NAME = "kernel_module";

  /** How the gap {@code id} begins of a record that corrects an earlier one. */
  static final String REPLACES = "replaces a record of this id: ";

  /** Copies the lists. */
  public LoadRecord {
    findings = List.copyOf(findings);
    gaps = List.copyOf(gaps);
  }

  /** Begins a record that is loaded, and of which nothing else is known. */
  public static Builder builder(String id, long timeNanos, Action action) {
    return new Builder(id, timeNanos, action);
  }

  /** Begins another with the same values. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** The same with the findings that were raised on it. */
  public LoadRecord withFindings(List<String> newFindings) {
    return toBuilder().findings(newFindings).build();
  }

  /** The same with what the policy says of it. */
  public LoadRecord withPolicy(Policy newPolicy) {
    return toBuilder().policy(newPolicy).build();
  }

  /** The same with one more gap. */
  public LoadRecord withGap(Gap gap) {
    var more = new ArrayList<>(gaps);
    more.add(gap);
    return toBuilder().gaps(more).build();
  }

  /** Whether the gaps say that {@code field} is not known. */
  public boolean hasGap(String field) {
    return gaps.stream().anyMatch(gap -> gap.field().equals(field));
  }

  /** The same, marked as the one that is true of two with the same id. */
  public LoadRecord replacing(String why) {
    return withGap(new Gap("id", REPLACES + why));
  }

  /** Whether there was a record of the same id before, which this one corrects. */
  public boolean replacesAnother() {
    return gaps.stream()
        .anyMatch(gap -> gap.field().equals("id") && gap.why().startsWith(REPLACES));
  }

  /** Whether it was made before its call returned, so that one which replaces it may come. */
  public boolean mayBeReplaced() {
    return returnValue == null && !preExisting && hasGap("returnValue");
  }

  /**
   * The process on whose behalf it happened: the requester, or the loader where nobody asked
   * through the kernel.
   */
  public Optional<ProcessDetails> askedBy() {
    return requester != null ? Optional.of(requester.process()) : Optional.ofNullable(loader);
  }

  /** Whether it is about a request that came to nothing, and so about no module. */
  public boolean isRequest() {
    return action == Action.REQUEST;
  }

  /** The module's name; of a request what was asked for. Null if it is not known. */
  public @Nullable String nameOrAlias() {
    return isRequest() ? (requester == null ? null : requester.alias()) : module.name();
  }

  /** What was attempted. */
  public enum Action {
    /** To load a module. */
    LOAD,
    /** To unload one. */
    UNLOAD,
    /** To have the kernel load one; nothing was loaded for it. */
    REQUEST,
    /**
     * Something that only a later version has a word for: the record has the gap {@code action}.
     */
    UNKNOWN
  }

  /** What became of an attempt. */
  public enum Outcome {
    /** The module is in the kernel, or its init is running. */
    LOADED,
    /** A check said no. */
    REFUSED,
    /** Anything else went wrong. */
    FAILED,
    /** The module is gone. */
    UNLOADED,
    /**
     * Not known, as the sensor was blind for what the kernel accepts, or only a later version has a
     * word for it: the record has no outcome and the gap {@code outcome}.
     */
    UNKNOWN
  }

  /**
   * The host, as far as whoever keeps the record knows it.
   *
   * @param name host name
   * @param machineId of /etc/machine-id
   * @param bootId of /proc/sys/kernel/random/boot_id
   * @param kernel the kernel's release
   * @param arch the machine, as uname has it
   */
  public record Host(
      @Nullable String name,
      @Nullable String machineId,
      @Nullable String bootId,
      @Nullable String kernel,
      @Nullable String arch) {

    /** Nothing known. */
    public static final Host UNKNOWN = new Host(null, null, null, null, null);
  }

  /**
   * How a module came in.
   *
   * @param syscall {@code init_module}, {@code finit_module} or {@code delete_module}; null where
   *     none was seen
   * @param abi {@code native} or {@code compat}, the 32-bit table; null where no call was seen
   * @param flags the call's flags by name; a bit without a name as a hexadecimal number
   * @param params the module's parameters; null if they could not be read
   * @param memoryOnly whether the bytes came from memory and no file is known
   * @param compression how the bytes were compressed that the kernel was given: {@code gzip},
   *     {@code xz} or {@code zstd}; null if they were not, or nobody looked
   * @param autoload whether the kernel started modprobe for somebody
   */
  public record Route(
      @Nullable String syscall,
      @Nullable String abi,
      List<String> flags,
      @Nullable String params,
      boolean memoryOnly,
      @Nullable String compression,
      boolean autoload) {

    /** The route of what never was a call. */
    public static final Route NONE = new Route(null, null, List.of(), null, false, null, false);

    /** Copies the list. */
    public Route {
      flags = List.copyOf(flags);
    }
  }

  /**
   * The module. Name, version, source version, taints and size are the kernel's where it said them;
   * what it does not say is from the module's own {@code .modinfo}.
   *
   * @param name its own name
   * @param version MODULE_VERSION
   * @param srcversion hash of its sources
   * @param vermagic the kernel that it was built for
   * @param license MODULE_LICENSE
   * @param description MODULE_DESCRIPTION
   * @param author MODULE_AUTHOR, several joined by comma and space
   * @param intree whether it says to be from the kernel's own source tree; null if nobody looked
   * @param depends modules that it says to need
   * @param taints names of the taints that it put on the kernel: OUT_OF_TREE, UNSIGNED, FORCED,
   *     PROPRIETARY, …
   * @param sizeBytes bytes that the kernel was given; of one that was there before, the memory it
   *     takes
   * @param usedBy modules that use it, where it was loaded before Kmodwatch started
   */
  public record ModuleDetails(
      @Nullable String name,
      @Nullable String version,
      @Nullable String srcversion,
      @Nullable String vermagic,
      @Nullable String license,
      @Nullable String description,
      @Nullable String author,
      @Nullable Boolean intree,
      List<String> depends,
      List<String> taints,
      @Nullable Long sizeBytes,
      List<String> usedBy) {

    /** Nothing known. */
    public static final ModuleDetails UNKNOWN =
        ofKernel(null, null, null, List.of(), null, List.of());

    /** Copies the lists. */
    public ModuleDetails {
      depends = List.copyOf(depends);
      taints = List.copyOf(taints);
      usedBy = List.copyOf(usedBy);
    }

    /** What the kernel alone says. */
    public static ModuleDetails ofKernel(
        @Nullable String name,
        @Nullable String version,
        @Nullable String srcversion,
        List<String> taints,
        @Nullable Long sizeBytes,
        List<String> usedBy) {
      return new ModuleDetails(
          name,
          version,
          srcversion,
          null,
          null,
          null,
          null,
          null,
          List.of(),
          taints,
          sizeBytes,
          usedBy);
    }
  }

  /**
   * The bytes that the kernel was given.
   *
   * @param sha256 of all of them, hexadecimal in lower case; null if they are not known
   * @param sizeBytes how many the kernel took
   * @param source where {@code sha256} is from
   * @param complete whether every byte that the kernel took was seen
   * @param decompressed what the kernel made of compressed bytes, and loaded; null if they were not
   *     compressed, or it is not known
   * @param signature what the module's signature is; null if nobody looked
   * @param kept where the bytes are kept; null if they are not
   */
  public record Image(
      @Nullable String sha256,
      long sizeBytes,
      Source source,
      boolean complete,
      @Nullable Decompressed decompressed,
      @Nullable ModuleSignature signature,
      @Nullable String kept) {

    /** Where the hash of an image is from. */
    public enum Source {
      /** The bytes as the kernel had them. */
      KERNEL,
      /** The file, read after the load; it is the one that the kernel had open, unchanged since. */
      FILE,
      /** Something that only a later version has a word for. */
      UNKNOWN
    }

    /**
     * The module itself.
     *
     * @param sha256 hexadecimal in lower case
     * @param sizeBytes its size
     */
    public record Decompressed(String sha256, long sizeBytes) {}
  }

  /**
   * A module's signature.
   *
   * @param status what is known of it
   * @param signer name of the key that it was made with
   * @param keyId identifier of that key, hexadecimal
   * @param digest hash algorithm: {@code sha256}, …
   */
  public record ModuleSignature(
      Status status, @Nullable String signer, @Nullable String keyId, @Nullable String digest) {

    /** What is known of a signature. */
    public enum Status {
      /** Checked and good, by the kernel or by us. */
      VALID,
      /** Checked and wrong: the bytes are not those that were signed, or it is damaged. */
      INVALID,
      /** There is none. */
      UNSIGNED,
      /** There is one, by a key that is not known here. */
      UNKNOWN_KEY,
      /** Something that only a later version has a word for. */
      UNKNOWN;

      /** As it is written in records and findings: {@code unknown key}, … */
      public String word() {
        return LoadRecords.word(this);
      }
    }
  }

  /**
   * The file a module was loaded from.
   *
   * @param path as the loader's mount namespace has it, without " (deleted)"
   * @param device the kernel's device number; means nothing without an inode
   * @param inode unsigned 64-bit; 0 if not known
   * @param ctimeNanos last change, nanoseconds since the epoch
   * @param deleted whether no name leads to it
   * @param place where that is
   * @param owner the package that the file is from; null if it is of none, or nobody looked
   */
  public record ModuleFile(
      String path,
      long device,
      long inode,
      long ctimeNanos,
      boolean deleted,
      Place place,
      @Nullable PackageOwner owner) {}

  /**
   * The package that a file is from.
   *
   * @param manager {@code dpkg} or {@code rpm}
   * @param name of the package
   * @param version of the package
   * @param changed whether the file is no longer what the package brought; null if the package
   *     system has no digest of it
   */
  public record PackageOwner(
      String manager, String name, String version, @Nullable Boolean changed) {}

  /** Where a module file is. */
  public enum Place {
    /** The distribution's tree of modules of the running kernel. */
    DISTRIBUTION,
    /** Updates and DKMS beside it. */
    UPDATES,
    /** Memory that looks like a file. */
    MEMFD,
    /** A folder for temporary files. */
    TEMPORARY,
    /** Somebody's home. */
    HOME,
    /** Anywhere else. */
    OTHER,
    /** Somewhere that only a later version has a word for. */
    UNKNOWN;

    private static final List<String> UPDATE_FOLDERS =
        List.of("updates/", "extra/", "weak-updates/", "dkms/");

    private static final List<String> TEMPORARY_FOLDERS =
        List.of("/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/");

    /**
     * Where a path leads.
     *
     * @param path absolute, without the kernel's " (deleted)"
     * @param release the running kernel, whose tree alone counts; null if it is not known
     */
    public static Place of(String path, @Nullable String release) {
      if (path.startsWith("/memfd:")) {
        return MEMFD;
      }
      String tree = path.startsWith("/usr/lib/modules/") ? path.substring("/usr".length()) : path;
      if (tree.startsWith("/lib/modules/")) {
        return ofTree(tree.substring("/lib/modules/".length()), release);
      }
      if (TEMPORARY_FOLDERS.stream().anyMatch(path::startsWith)) {
        return TEMPORARY;
      }
      return path.startsWith("/home/") || path.startsWith("/root/") ? HOME : OTHER;
    }

    private static Place ofTree(String tree, @Nullable String release) {
      int slash = tree.indexOf('/');
      if (slash < 0 || (release != null && !tree.substring(0, slash).equals(release))) {
        return OTHER;
      }
      String inside = tree.substring(slash + 1);
      if (inside.startsWith("kernel/")) {
        return DISTRIBUTION;
      }
      return UPDATE_FOLDERS.stream().anyMatch(inside::startsWith) ? UPDATES : OTHER;
    }
  }

  /**
   * A process.
   *
   * @param pid process id inside its namespace; 0 if not known
   * @param tid thread id inside its namespace; 0 if not known
   * @param parentPid likewise of the parent; 0 if that is outside
   * @param hostPid process id on the host; 0 if not known
   * @param comm the thread's name; empty if not known
   * @param exe the file it executes
   * @param args its command line
   * @param uid real user id; {@link org.kmodwatch.core.event.ProcessContext#UNKNOWN_USER} if not
   *     known
   * @param euid effective user id
   * @param loginUid who logged in, if anybody did
   * @param sessionId the audit session, if there is one
   * @param capabilities names of the effective capabilities
   * @param startTimeNanos when the thread started, nanoseconds since the epoch
   * @param namespaces inode numbers by the names of /proc/PID/ns
   * @param cgroup path of the cgroup
   * @param ancestors the parent first
   */
  public record ProcessDetails(
      int pid,
      int tid,
      int parentPid,
      int hostPid,
      String comm,
      @Nullable String exe,
      List<String> args,
      long uid,
      @Nullable Long euid,
      @Nullable Long loginUid,
      @Nullable Long sessionId,
      List<String> capabilities,
      long startTimeNanos,
      Map<String, Long> namespaces,
      @Nullable String cgroup,
      List<Ancestor> ancestors) {

    /** Nothing known. */
    public static final ProcessDetails UNKNOWN =
        new ProcessDetails(
            0,
            0,
            0,
            0,
            "",
            null,
            List.of(),
            ProcessContext.UNKNOWN_USER,
            null,
            null,
            null,
            List.of(),
            0,
            Map.of(),
            null,
            List.of());

    /** Copies the collections. */
    public ProcessDetails {
      args = List.copyOf(args);
      capabilities = List.copyOf(capabilities);
      namespaces = Map.copyOf(namespaces);
      ancestors = List.copyOf(ancestors);
    }

    /** The file that it executes, or else its name; null if neither is known. */
    public @Nullable String program() {
      return exe != null ? exe : comm.isEmpty() ? null : comm;
    }

    /** The real user id; null if it is not known. */
    public @Nullable Long knownUid() {
      return uid == ProcessContext.UNKNOWN_USER ? null : uid;
    }
  }

  /**
   * A parent, or a parent's parent.
   *
   * @param pid process id on the host
   * @param comm its name; empty if nothing but the id is known
   * @param exe the file it executes; null for a kernel thread, or if it is not known
   */
  public record Ancestor(int pid, String comm, @Nullable String exe) {}

  /**
   * The process on whose behalf the kernel started modprobe.
   *
   * @param alias what the kernel asked for, for example {@code net-pf-38}; null if its name could
   *     not be read, or the record is of many
   * @param process who
   * @param modprobePath what the kernel started, if that is no longer what it was when Kmodwatch
   *     started; null otherwise
   */
  public record Requester(
      @Nullable String alias, ProcessDetails process, @Nullable String modprobePath) {}

  /**
   * Something that is missing.
   *
   * @param field the record's key, with dots: {@code loader.args}
   * @param why for a person
   */
  public record Gap(String field, String why) {}

  /**
   * What the operator's policy says of a load.
   *
   * @param verdict what it comes to
   * @param rule name of the rule that spoke; null if none did
   */
  public record Policy(Verdict verdict, @Nullable String rule) {

    /** What a policy says of a load. */
    public enum Verdict {
      /** It was to be expected: nobody is alerted. */
      EXPECTED,
      /** Somebody is to look at it. */
      ALERT,
      /** Something that only a later version has a word for. */
      UNKNOWN
    }
  }

  /** Collects what is known of an attempt. */
  public static final class Builder {
    private final String id;
    private final long timeNanos;
    private final Action action;
    private @Nullable Long durationNanos;
    private Host host = Host.UNKNOWN;
    private Outcome outcome = Outcome.LOADED;
    private @Nullable Long returnValue;
    private @Nullable String errno;
    private @Nullable String reason;
    private Route route = Route.NONE;
    private ModuleDetails module = ModuleDetails.UNKNOWN;
    private @Nullable Image image;
    private @Nullable ModuleFile file;
    private @Nullable ProcessDetails loader;
    private @Nullable Requester requester;
    private boolean codeMayHaveRun;
    private boolean preExisting;
    private @Nullable String retryOf;
    private @Nullable String waitedOn;
    private ContainerContext container = ContainerContext.NONE;
    private KubernetesContext kubernetes = KubernetesContext.NONE;
    private List<String> findings = List.of();
    private @Nullable Policy policy;
    private int repeats = 1;
    private List<Gap> gaps = List.of();

    private Builder(String id, long timeNanos, Action action) {
      this.id = id;
      this.timeNanos = timeNanos;
      this.action = action;
    }

    private Builder(LoadRecord record) {
      this(record.id, record.timeNanos, record.action);
      this.durationNanos = record.durationNanos;
      this.host = record.host;
      this.outcome = record.outcome;
      this.returnValue = record.returnValue;
      this.errno = record.errno;
      this.reason = record.reason;
      this.route = record.route;
      this.module = record.module;
      this.image = record.image;
      this.file = record.file;
      this.loader = record.loader;
      this.requester = record.requester;
      this.codeMayHaveRun = record.codeMayHaveRun;
      this.preExisting = record.preExisting;
      this.retryOf = record.retryOf;
      this.waitedOn = record.waitedOn;
      this.container = record.container;
      this.kubernetes = record.kubernetes;
      this.findings = record.findings;
      this.policy = record.policy;
      this.repeats = record.repeats;
      this.gaps = record.gaps;
    }

    /** Sets how long the call took. */
    public Builder durationNanos(@Nullable Long value) {
      durationNanos = value;
      return this;
    }

    /** Sets the host. */
    public Builder host(Host value) {
      host = value;
      return this;
    }

    /** Sets how the attempt ended; the errno is that of {@code returned}. */
    public Builder result(Outcome outcome, @Nullable Long returned, @Nullable String reason) {
      this.outcome = outcome;
      this.returnValue = returned;
      this.errno =
          returned == null ? null : Errno.ofReturnValue(returned).map(Enum::name).orElse(null);
      this.reason = reason;
      return this;
    }

    /** Sets how the module came in. */
    public Builder route(Route value) {
      route = value;
      return this;
    }

    /** Sets what is said of the module. */
    public Builder module(ModuleDetails value) {
      module = value;
      return this;
    }

    /** Sets the module's bytes. */
    public Builder image(@Nullable Image value) {
      image = value;
      return this;
    }

    /** Sets the module's file. */
    public Builder file(@Nullable ModuleFile value) {
      file = value;
      return this;
    }

    /** Sets who made the call. */
    public Builder loader(@Nullable ProcessDetails value) {
      loader = value;
      return this;
    }

    /** Sets on whose behalf the kernel started modprobe. */
    public Builder requester(@Nullable Requester value) {
      requester = value;
      return this;
    }

    /** Sets whether code of the module may have run. */
    public Builder codeMayHaveRun(boolean value) {
      codeMayHaveRun = value;
      return this;
    }

    /** Sets whether it was loaded before Kmodwatch started. */
    public Builder preExisting(boolean value) {
      preExisting = value;
      return this;
    }

    /** Sets the ids of the attempts that it is the second try of, and waited for. */
    public Builder linked(@Nullable String retryOf, @Nullable String waitedOn) {
      this.retryOf = retryOf;
      this.waitedOn = waitedOn;
      return this;
    }

    /** Sets the container and the pod. */
    public Builder in(ContainerContext container, KubernetesContext kubernetes) {
      this.container = container;
      this.kubernetes = kubernetes;
      return this;
    }

    /** Sets the ids of its findings. */
    public Builder findings(List<String> value) {
      findings = value;
      return this;
    }

    /** Sets the verdict of the policy. */
    public Builder policy(@Nullable Policy value) {
      policy = value;
      return this;
    }

    /** Sets how many attempts the record stands for. */
    public Builder repeats(int value) {
      repeats = value;
      return this;
    }

    /** Sets what is missing. */
    public Builder gaps(List<Gap> value) {
      gaps = value;
      return this;
    }

    /** Makes the record. */
    public LoadRecord build() {
      return new LoadRecord(
          id,
          timeNanos,
          durationNanos,
          host,
          action,
          outcome,
          returnValue,
          errno,
          reason,
          route,
          module,
          image,
          file,
          loader,
          requester,
          codeMayHaveRun,
          preExisting,
          retryOf,
          waitedOn,
          container,
          kubernetes,
          findings,
          policy,
          repeats,
          gaps);
    }
  }
}
