package org.kmodwatch.core.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.load.LoadRecord;

/**
 * Builds load records for tests. By default insmod, pid 4242, root, loaded the module at
 * 2026-11-22T20:00:00.123456789Z.
 */
public final class LoadRecordBuilder {
  private final @Nullable String name;
  private String id;
  private long timeNanos = 1_795_377_600_123_456_789L;
  private LoadRecord.Action action = LoadRecord.Action.LOAD;
  private LoadRecord.Outcome outcome = LoadRecord.Outcome.LOADED;
  private @Nullable Long returnValue = 0L;
  private @Nullable String reason;
  private String syscall = "finit_module";
  private String abi = "native";
  private List<String> flags = List.of();
  private boolean memoryOnly;
  private @Nullable String license;
  private @Nullable Boolean intree;
  private List<String> taints = List.of();
  private @Nullable Long sizeBytes;
  private LoadRecord.@Nullable Image image;
  private LoadRecord.@Nullable ModuleFile file;
  private LoadRecord.@Nullable ProcessDetails loader = process("insmod", 4242, 0);
  private LoadRecord.@Nullable Requester requester;
  private ContainerContext container = ContainerContext.NONE;
  private KubernetesContext kubernetes = KubernetesContext.NONE;
  private boolean codeMayHaveRun;
  private boolean preExisting;
  private @Nullable String retryOf;
  private @Nullable String waitedOn;
  private List<String> findings = List.of();
  private int repeats = 1;
  private final List<LoadRecord.Gap> gaps = new ArrayList<>();

  private LoadRecordBuilder(@Nullable String name) {
    this.name = name;
    this.id = "id-" + name;
  }

  /** Returns a load of a module with this name. */
  public static LoadRecordBuilder load(@Nullable String name) {
    return new LoadRecordBuilder(name);
  }

  /**
   * Returns a load of dummy from the distribution's tree, by root in a session, not returned yet.
   */
  public static LoadRecordBuilder load() {
    LoadRecordBuilder dummy = load("dummy").id("1").notReturned().withFile();
    dummy.timeNanos = 1;
    dummy.license = "GPL";
    return dummy.loaderIn("/user.slice/session-1.scope");
  }

  /** Returns a load of dummy from memory. */
  public static LoadRecordBuilder fromMemory() {
    LoadRecordBuilder builder = load().withoutFile();
    builder.syscall = "init_module";
    return builder;
  }

  /** Returns a load of dummy from a file. */
  public static LoadRecordBuilder fromFile(String path, LoadRecord.Place place, boolean deleted) {
    return load().from(path, place, deleted);
  }

  /** Returns a request for a module that led to no load. */
  public static LoadRecordBuilder request(@Nullable String alias, LoadRecord.ProcessDetails by) {
    LoadRecordBuilder request = load(null).id("id-" + alias).by(null);
    request.action = LoadRecord.Action.REQUEST;
    request.requester = new LoadRecord.Requester(alias, by, null);
    return request.failed(null, "no load was seen for it within 60 s");
  }

  /** Returns a request by a user that led to no load. */
  public static LoadRecordBuilder request(@Nullable String alias, long uid) {
    return request(alias, process(uid, null)).id("1");
  }

  public static LoadRecord.ProcessDetails process(String comm, int pid, long uid) {
    return process(comm, pid, uid, null, 0, null);
  }

  private static LoadRecord.ProcessDetails process(long uid, @Nullable String cgroup) {
    return process("insmod", 7, uid, uid, 1, cgroup);
  }

  private static LoadRecord.ProcessDetails process(
      String comm,
      int pid,
      long uid,
      @Nullable Long euid,
      long startTimeNanos,
      @Nullable String cgroup) {
    return new LoadRecord.ProcessDetails(
        pid,
        pid,
        1,
        pid,
        comm,
        null,
        List.of(),
        uid,
        euid,
        null,
        null,
        List.of(),
        startTimeNanos,
        Map.of(),
        cgroup,
        List.of());
  }

  public LoadRecordBuilder id(String newId) {
    id = newId;
    return this;
  }

  public LoadRecordBuilder unloaded() {
    action = LoadRecord.Action.UNLOAD;
    return outcome(LoadRecord.Outcome.UNLOADED);
  }

  public LoadRecordBuilder outcome(LoadRecord.Outcome value) {
    outcome = value;
    return this;
  }

  public LoadRecordBuilder refused() {
    return refused(-129L, "the signature is not by a trusted key");
  }

  public LoadRecordBuilder refused(long value, String why) {
    returnValue = value;
    reason = why;
    return outcome(LoadRecord.Outcome.REFUSED);
  }

  public LoadRecordBuilder failed(@Nullable Long value, @Nullable String why) {
    returnValue = value;
    reason = why;
    return outcome(LoadRecord.Outcome.FAILED);
  }

  public LoadRecordBuilder notReturned() {
    returnValue = null;
    return this;
  }

  public LoadRecordBuilder compat() {
    abi = "compat";
    return this;
  }

  public LoadRecordBuilder flags(String... names) {
    flags = List.of(names);
    return this;
  }

  public LoadRecordBuilder memory(long size) {
    memoryOnly = true;
    sizeBytes = size;
    return this;
  }

  public LoadRecordBuilder taints(String... values) {
    taints = List.of(values);
    return this;
  }

  public LoadRecordBuilder intree(boolean value) {
    intree = value;
    return this;
  }

  /** Makes the module one of the kernel's own tree, with an image of this hash and signature. */
  public LoadRecordBuilder intree(String sha256, LoadRecord.ModuleSignature signature) {
    image =
        new LoadRecord.Image(
            sha256, 9, LoadRecord.Image.Source.KERNEL, true, null, signature, null);
    return intree(true);
  }

  public LoadRecordBuilder signature(
      LoadRecord.ModuleSignature.Status status, @Nullable String signer) {
    var signature = new LoadRecord.ModuleSignature(status, signer, null, null);
    image =
        new LoadRecord.Image("ab", 1, LoadRecord.Image.Source.KERNEL, true, null, signature, null);
    return this;
  }

  public LoadRecordBuilder withFile() {
    memoryOnly = false;
    file =
        new LoadRecord.ModuleFile(
            "/lib/modules/6.12.117/kernel/drivers/net/dummy.ko",
            8388609,
            4242,
            1,
            false,
            LoadRecord.Place.DISTRIBUTION,
            null);
    return this;
  }

  public LoadRecordBuilder withoutFile() {
    memoryOnly = true;
    file = null;
    return this;
  }

  public LoadRecordBuilder from(
      String path, LoadRecord.Place place, LoadRecord.@Nullable PackageOwner owner) {
    file = new LoadRecord.ModuleFile(path, 1, 2, 3, false, place, owner);
    return this;
  }

  public LoadRecordBuilder from(String path, LoadRecord.Place place, boolean deleted) {
    file = new LoadRecord.ModuleFile(path, 1, 2, 3, deleted, place, null);
    return this;
  }

  public LoadRecordBuilder ownedBy(String packageName) {
    LoadRecord.ModuleFile old = Objects.requireNonNull(file);
    file =
        new LoadRecord.ModuleFile(
            old.path(),
            old.device(),
            old.inode(),
            old.ctimeNanos(),
            old.deleted(),
            old.place(),
            new LoadRecord.PackageOwner("dpkg", packageName, "1", false));
    return this;
  }

  public LoadRecordBuilder by(LoadRecord.@Nullable ProcessDetails process) {
    loader = process;
    return this;
  }

  public LoadRecordBuilder loaderIn(String cgroup) {
    return by(process(0, cgroup));
  }

  public LoadRecordBuilder askedBy(
      @Nullable String alias, LoadRecord.ProcessDetails process, @Nullable String modprobePath) {
    requester = new LoadRecord.Requester(alias, process, modprobePath);
    return this;
  }

  public LoadRecordBuilder requester(@Nullable String alias, long uid, @Nullable String cgroup) {
    return askedBy(alias, process(uid, cgroup), null);
  }

  public LoadRecordBuilder in(ContainerContext context, KubernetesContext pod) {
    container = context;
    kubernetes = pod;
    return this;
  }

  public LoadRecordBuilder container(String containerId) {
    container = new ContainerContext(containerId, null, null, null, null);
    return this;
  }

  public LoadRecordBuilder codeMayHaveRun() {
    codeMayHaveRun = true;
    return this;
  }

  public LoadRecordBuilder preExisting() {
    preExisting = true;
    return this;
  }

  public LoadRecordBuilder retryOf(String other) {
    retryOf = other;
    return this;
  }

  public LoadRecordBuilder waitedOn(String other) {
    waitedOn = other;
    return this;
  }

  public LoadRecordBuilder findings(String... ids) {
    findings = List.of(ids);
    return this;
  }

  public LoadRecordBuilder repeats(int count) {
    repeats = count;
    return this;
  }

  public LoadRecordBuilder gap(String field, String why) {
    gaps.add(new LoadRecord.Gap(field, why));
    return this;
  }

  public LoadRecord build() {
    return LoadRecord.builder(id, timeNanos, action)
        .durationNanos(returnValue == null ? null : 1_000L)
        .result(outcome, returnValue, reason)
        .route(
            action == LoadRecord.Action.REQUEST
                ? LoadRecord.Route.NONE
                : new LoadRecord.Route(
                    syscall, abi, flags, "", memoryOnly, null, requester != null))
        .module(
            new LoadRecord.ModuleDetails(
                name, null, null, null, license, null, null, intree, List.of(), taints, sizeBytes,
                List.of()))
        .image(image)
        .file(file)
        .loader(loader)
        .requester(requester)
        .codeMayHaveRun(codeMayHaveRun)
        .preExisting(preExisting)
        .linked(retryOf, waitedOn)
        .in(container, kubernetes)
        .findings(findings)
        .repeats(repeats)
        .gaps(gaps)
        .build();
  }
}
