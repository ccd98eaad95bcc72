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
 * Describes one attempt to load or unload one module, or one request for a module that was refused
 * or led to no load (schema {@value #SCHEMA}, docs/reference/load-record.md). An unknown value is
 * null, an empty list or false, and absent in JSON. {@code gaps} gives the reason if a fact that
 * was looked for is missing.
 *
 * @param id stable when the same events are read again
 * @param timeNanos when the attempt began, in nanoseconds since the epoch
 * @param durationNanos from the begin until the call returned, in nanoseconds; null if it has not
 * @param host the host of the attempt
 * @param action load, unload or request
 * @param outcome the result of the attempt
 * @param returnValue the call's return value, 0 or a negative errno; null if it has not returned
 * @param errno the errno's name; null without an error
 * @param reason in words, why the attempt was refused or failed; null otherwise
 * @param route how the module reached the kernel
 * @param module facts on the module from the kernel, or else from the image
 * @param image the bytes that the kernel was given; null if it did not copy them
 * @param file the file that the module was loaded from; null if not from a file, or not known
 * @param loader the process that made the system call; null if no process was seen
 * @param requester the process for which the kernel started modprobe; null without a request
 *     through the kernel
 * @param codeMayHaveRun whether code of the module may have run although the attempt was refused or
 *     failed
 * @param preExisting whether the module was loaded before Kmodwatch started, so that only its
 *     existence is known
 * @param retryOf id of the same process's attempt just before, of which this is the second try;
 *     null otherwise
 * @param waitedOn id of the attempt whose result this one received, because both loaded one file at
 *     once; null otherwise
 * @param container the container of the requester, or of the loader without a requester
 * @param kubernetes the pod of the requester, or of the loader without a requester
 * @param findings ids of the findings on the record or on its events
 * @param policy the verdict of the operator's policy; null without a policy
 * @param repeats the number of attempts that this record stands for
 * @param gaps the missing facts, with reasons
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

  /** The name and version that identify the schema. */
  public static final String SCHEMA = "kmodwatch.load/1";

  /** The name of the event that carries a record. */
  public static final String EVENT_NAME = "kernel_module";

  /** The beginning of the gap {@code id} in a record that corrects an earlier one. */
  static final String REPLACES = "replaces a record of this id: ";

  /** Copies the lists. */
  public LoadRecord {
    findings = List.copyOf(findings);
    gaps = List.copyOf(gaps);
  }

  /** Creates a builder for a record with the outcome "loaded" and no other facts. */
  public static Builder builder(String id, long timeNanos, Action action) {
    return new Builder(id, timeNanos, action);
  }

  /** Creates a builder with the values of this record. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Returns this record with other findings. */
  public LoadRecord withFindings(List<String> newFindings) {
    return toBuilder().findings(newFindings).build();
  }

  /** Returns this record with the verdict of a policy. */
  public LoadRecord withPolicy(Policy newPolicy) {
    return toBuilder().policy(newPolicy).build();
  }

  /** Returns this record with one more gap. */
  public LoadRecord withGap(Gap gap) {
    var more = new ArrayList<>(gaps);
    more.add(gap);
    return toBuilder().gaps(more).build();
  }

  /** Returns whether {@code field} has a gap. */
  public boolean hasGap(String field) {
    return gaps.stream().anyMatch(gap -> gap.field().equals(field));
  }

  /** Returns this record, marked as the correct one of two with the same id. */
  public LoadRecord replacing(String why) {
    return withGap(new Gap("id", REPLACES + why));
  }

  /** Returns whether this record corrects an earlier one of the same id. */
  public boolean replacesAnother() {
    return gaps.stream()
        .anyMatch(gap -> gap.field().equals("id") && gap.why().startsWith(REPLACES));
  }

  /**
   * Returns whether the record was made before its call returned, so that another record may
   * replace it.
   */
  public boolean mayBeReplaced() {
    return returnValue == null && !preExisting && hasGap("returnValue");
  }

  /**
   * Returns the process for which the module was loaded: the requester, or the loader without a
   * requester.
   */
  public Optional<ProcessDetails> askedBy() {
    return requester != null ? Optional.of(requester.process()) : Optional.ofNullable(loader);
  }

  /**
   * Returns whether the record is about a request without a load, and therefore about no module.
   */
  public boolean isRequest() {
    return action == Action.REQUEST;
  }

  /** Returns the module's name, or a request's alias; null if it is not known. */
  public @Nullable String nameOrAlias() {
    return isRequest() ? (requester == null ? null : requester.alias()) : module.name();
  }

  /** Lists the kinds of attempt. */
  public enum Action {
    /** The attempt loads a module. */
    LOAD,
    /** The attempt unloads a module. */
    UNLOAD,
    /** A process asked the kernel to load a module, but none was loaded for it. */
    REQUEST,
    /** A later version has a word for the action: the record has the gap {@code action}. */
    UNKNOWN
  }

  /** Lists the outcomes of an attempt. */
  public enum Outcome {
    /** The module is in the kernel, or its init is running. */
    LOADED,
    /** A check refused the attempt. */
    REFUSED,
    /** The attempt failed for any other reason. */
    FAILED,
    /** The module is gone. */
    UNLOADED,
    /**
     * The outcome is not known, because the sensor missed events, or because only a later version
     * has a word for it. The record has no outcome and the gap {@code outcome}.
     */
    UNKNOWN
  }

  /**
   * Describes the host, as far as the keeper of the record knows it.
   *
   * @param name host name
   * @param machineId content of /etc/machine-id
   * @param bootId content of /proc/sys/kernel/random/boot_id
   * @param kernel the kernel's release
   * @param arch the machine, as reported by uname
   */
  public record Host(
      @Nullable String name,
      @Nullable String machineId,
      @Nullable String bootId,
      @Nullable String kernel,
      @Nullable String arch) {

    /** A host of which nothing is known. */
    public static final Host UNKNOWN = new Host(null, null, null, null, null);
  }

  /**
   * Describes how a module reached the kernel.
   *
   * @param syscall {@code init_module}, {@code finit_module} or {@code delete_module}; null if no
   *     call was seen
   * @param abi {@code native} or {@code compat}, the 32-bit table; null if no call was seen
   * @param flags the call's flags by name; a bit without a name as a hexadecimal number
   * @param params the module's parameters; null if they could not be read
   * @param memoryOnly whether the bytes came from memory and no file is known
   * @param compression the compression of the bytes that the kernel was given: {@code gzip}, {@code
   *     xz} or {@code zstd}; null if they were not compressed, or were not examined
   * @param autoload whether the kernel started modprobe for a process
   */
  public record Route(
      @Nullable String syscall,
      @Nullable String abi,
      List<String> flags,
      @Nullable String params,
      boolean memoryOnly,
      @Nullable String compression,
      boolean autoload) {

    /** The route of a module that no call loaded. */
    public static final Route NONE = new Route(null, null, List.of(), null, false, null, false);

    /** Copies the list. */
    public Route {
      flags = List.copyOf(flags);
    }
  }

  /**
   * Describes the module. Name, version, source version, taints and size are from the kernel if it
   * reported them. Other facts are from the module's own {@code .modinfo}.
   *
   * @param name the module's own name
   * @param version MODULE_VERSION
   * @param srcversion hash of its sources
   * @param vermagic the kernel that it was built for
   * @param license MODULE_LICENSE
   * @param description MODULE_DESCRIPTION
   * @param author MODULE_AUTHOR, several joined by comma and space
   * @param intree whether the module claims to be from the kernel's own source tree; null if this
   *     was not checked
   * @param depends modules that it claims to need
   * @param taints names of the taints that it added to the kernel: OUT_OF_TREE, UNSIGNED, FORCED,
   *     PROPRIETARY, …
   * @param sizeBytes size of the bytes that the kernel was given; for a pre-existing module, the
   *     memory that it takes
   * @param usedBy modules that use it, if it was loaded before Kmodwatch started
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

    /** A module of which nothing is known. */
    public static final ModuleDetails UNKNOWN =
        ofKernel(null, null, null, List.of(), null, List.of());

    /** Copies the lists. */
    public ModuleDetails {
      depends = List.copyOf(depends);
      taints = List.copyOf(taints);
      usedBy = List.copyOf(usedBy);
    }

    /** Returns details that have only the kernel's facts. */
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
   * Describes the bytes that the kernel was given.
   *
   * @param sha256 hash of all bytes, hexadecimal in lower case; null if they are not known
   * @param sizeBytes number of bytes that the kernel copied
   * @param source the source of {@code sha256}
   * @param complete whether every byte that the kernel copied was seen
   * @param decompressed the module that the kernel decompressed and loaded; null if the bytes were
   *     not compressed, or it is not known
   * @param signature the module's signature; null if it was not examined
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

    /** Lists the sources of an image's hash. */
    public enum Source {
      /** The hash is of the bytes that the kernel had. */
      KERNEL,
      /**
       * The hash is of the file, read after the load. It is the file that the kernel had open, and
       * has not changed since.
       */
      FILE,
      /** A later version has a word for the source. */
      UNKNOWN
    }

    /**
     * Describes the decompressed module.
     *
     * @param sha256 hexadecimal in lower case
     * @param sizeBytes its size
     */
    public record Decompressed(String sha256, long sizeBytes) {}
  }

  /**
   * Describes a module's signature.
   *
   * @param status the result of the check
   * @param signer name of the signing key
   * @param keyId identifier of that key, hexadecimal
   * @param digest hash algorithm: {@code sha256}, …
   */
  public record ModuleSignature(
      Status status, @Nullable String signer, @Nullable String keyId, @Nullable String digest) {

    /** Lists the results of a signature check. */
    public enum Status {
      /** The signature is good, as checked by the kernel or by Kmodwatch. */
      VALID,
      /** The signature is wrong: it is damaged, or the bytes are not those that were signed. */
      INVALID,
      /** The module has no signature. */
      UNSIGNED,
      /** The module has a signature by a key that is not known here. */
      UNKNOWN_KEY,
      /** A later version has a word for the status. */
      UNKNOWN;

      /** Returns the word in records and findings: {@code unknown key}, … */
      public String word() {
        return LoadRecords.word(this);
      }
    }
  }

  /**
   * Describes the file that a module was loaded from.
   *
   * @param path the path in the loader's mount namespace, without " (deleted)"
   * @param device the kernel's device number; has no meaning without an inode
   * @param inode unsigned 64-bit; 0 if not known
   * @param ctimeNanos last change, in nanoseconds since the epoch
   * @param deleted whether no name leads to the file
   * @param place the kind of folder that has the file
   * @param owner the package that the file is from; null if it is from no package, or this was not
   *     checked
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
   * Describes the package that a file is from.
   *
   * @param manager {@code dpkg} or {@code rpm}
   * @param name name of the package
   * @param version version of the package
   * @param changed whether the file differs from the packaged file; null if the package system has
   *     no digest of it
   */
  public record PackageOwner(
      String manager, String name, String version, @Nullable Boolean changed) {}

  /** Lists the kinds of folder that may have a module file. */
  public enum Place {
    /** The file is in the distribution's module tree for the running kernel. */
    DISTRIBUTION,
    /** The file is in that tree's folders for updates and DKMS. */
    UPDATES,
    /** The file is a memfd: memory that looks like a file. */
    MEMFD,
    /** The file is in a folder for temporary files. */
    TEMPORARY,
    /** The file is in a home folder. */
    HOME,
    /** The file is in any other folder. */
    OTHER,
    /** A later version has a word for the place. */
    UNKNOWN;

    private static final List<String> UPDATE_FOLDERS =
        List.of("updates/", "extra/", "weak-updates/", "dkms/");

    private static final List<String> TEMPORARY_FOLDERS =
        List.of("/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/");

    /**
     * Returns the place of a path.
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
   * Describes a process.
   *
   * @param pid process id inside its namespace; 0 if not known
   * @param tid thread id inside its namespace; 0 if not known
   * @param parentPid the parent's process id inside the namespace; 0 if the parent is outside it
   * @param hostPid process id on the host; 0 if not known
   * @param comm the thread's name; empty if not known
   * @param exe the file that it executes
   * @param args its command line
   * @param uid real user id; {@link org.kmodwatch.core.event.ProcessContext#UNKNOWN_USER} if not
   *     known
   * @param euid effective user id
   * @param loginUid user id of the login; null without a login
   * @param sessionId the audit session; null without a session
   * @param capabilities names of the effective capabilities
   * @param startTimeNanos when the thread started, in nanoseconds since the epoch
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

    /** A process of which nothing is known. */
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

    /** Returns the file that the process executes, or else its name; null if neither is known. */
    public @Nullable String program() {
      return exe != null ? exe : comm.isEmpty() ? null : comm;
    }

    /** Returns the real user id; null if it is not known. */
    public @Nullable Long knownUid() {
      return uid == ProcessContext.UNKNOWN_USER ? null : uid;
    }
  }

  /**
   * Describes an ancestor of a process.
   *
   * @param pid process id on the host
   * @param comm its name; empty if only the id is known
   * @param exe the file that it executes; null for a kernel thread, or if it is not known
   */
  public record Ancestor(int pid, String comm, @Nullable String exe) {}

  /**
   * Describes the process for which the kernel started modprobe.
   *
   * @param alias the name that the kernel asked for, for example {@code net-pf-38}; null if it
   *     could not be read, or the record stands for many requests
   * @param process the requesting process
   * @param modprobePath the program that the kernel started, if it differs from the one at the
   *     start of Kmodwatch; null otherwise
   */
  public record Requester(
      @Nullable String alias, ProcessDetails process, @Nullable String modprobePath) {}

  /**
   * BitNames a fact that is missing.
   *
   * @param field the record's key, with dots: {@code loader.args}
   * @param why the reason, in words for a person
   */
  public record Gap(String field, String why) {}

  /**
   * Holds the result of the operator's policy for a load.
   *
   * @param verdict the verdict
   * @param rule name of the rule that decided; null if no rule did
   */
  public record Policy(Verdict verdict, @Nullable String rule) {

    /** Lists the verdicts of a policy. */
    public enum Verdict {
      /** The load was expected, and raises no alert. */
      EXPECTED,
      /** The load needs attention, and raises an alert. */
      ALERT,
      /** A later version has a word for the verdict. */
      UNKNOWN
    }
  }

  /** Collects the facts of a record. */
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

    /** Sets the route by which the module reached the kernel. */
    public Builder route(Route value) {
      route = value;
      return this;
    }

    /** Sets the facts on the module. */
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

    /** Sets the process that made the call. */
    public Builder loader(@Nullable ProcessDetails value) {
      loader = value;
      return this;
    }

    /** Sets the process for which the kernel started modprobe. */
    public Builder requester(@Nullable Requester value) {
      requester = value;
      return this;
    }

    /** Sets whether code of the module may have run. */
    public Builder codeMayHaveRun(boolean value) {
      codeMayHaveRun = value;
      return this;
    }

    /** Sets whether the module was loaded before Kmodwatch started. */
    public Builder preExisting(boolean value) {
      preExisting = value;
      return this;
    }

    /** Sets the ids of the attempts of which this is the second try, and on which it waited. */
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

    /** Sets the number of attempts that the record stands for. */
    public Builder repeats(int value) {
      repeats = value;
      return this;
    }

    /** Sets the missing facts. */
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
