package org.kmodwatch.agent;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.load.LoadRecord;

/** Load records for tests: insmod, pid 4242, root, at 2026-11-22T20:00:00.123456789Z, loaded. */
public final class Loads {
  private final @Nullable String name;
  private String id;
  private LoadRecord.@Nullable Image image;
  private @Nullable Boolean intree;
  private LoadRecord.Action action = LoadRecord.Action.LOAD;
  private LoadRecord.Outcome outcome = LoadRecord.Outcome.LOADED;
  private @Nullable Long returnValue = 0L;
  private @Nullable String reason;
  private String abi = "native";
  private List<String> flags = List.of();
  private boolean memoryOnly;
  private @Nullable Long sizeBytes;
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
  private List<LoadRecord.Gap> gaps = List.of();

  private Loads(@Nullable String name) {
    this.name = name;
    this.id = "id-" + name;
  }

  public static Loads load(@Nullable String name) {
    return new Loads(name);
  }

  public static LoadRecord.ProcessDetails process(String comm, int pid, long uid) {
    return new LoadRecord.ProcessDetails(
        pid, pid, 1, pid, comm, null, List.of(), uid, null, null, null, List.of(), 0, Map.of(),
        null, List.of());
  }

  public Loads unloaded() {
    action = LoadRecord.Action.UNLOAD;
    outcome = LoadRecord.Outcome.UNLOADED;
    return this;
  }

  /** A request for a module that came to nothing. */
  public static Loads request(@Nullable String alias, LoadRecord.ProcessDetails by) {
    Loads request = new Loads(null);
    request.id = "id-" + alias;
    request.action = LoadRecord.Action.REQUEST;
    request.loader = null;
    request.requester = new LoadRecord.Requester(alias, by, null);
    return request.failed(null, "no load was seen for it within 60 s");
  }

  public Loads refused() {
    return refused(-129L, "the signature is not by a trusted key");
  }

  public Loads refused(long value, String why) {
    outcome = LoadRecord.Outcome.REFUSED;
    returnValue = value;
    reason = why;
    return this;
  }

  public Loads failed(@Nullable Long value, @Nullable String why) {
    outcome = LoadRecord.Outcome.FAILED;
    returnValue = value;
    reason = why;
    return this;
  }

  public Loads notReturned() {
    returnValue = null;
    return this;
  }

  public Loads compat() {
    abi = "compat";
    return this;
  }

  public Loads flags(String... names) {
    flags = List.of(names);
    return this;
  }

  public Loads memory(long size) {
    memoryOnly = true;
    sizeBytes = size;
    return this;
  }

  public Loads id(String newId) {
    id = newId;
    return this;
  }

  /** Of the kernel's own tree, with an image of this hash and signature. */
  public Loads intree(String sha256, LoadRecord.ModuleSignature signature) {
    intree = true;
    image =
        new LoadRecord.Image(
            sha256, 9, LoadRecord.Image.Source.KERNEL, true, null, signature, null);
    return this;
  }

  public Loads from(String path, LoadRecord.Place place, LoadRecord.@Nullable PackageOwner owner) {
    file = new LoadRecord.ModuleFile(path, 1, 2, 3, false, place, owner);
    return this;
  }

  public Loads from(String path, LoadRecord.Place place, boolean deleted) {
    file = new LoadRecord.ModuleFile(path, 1, 2, 3, deleted, place, null);
    return this;
  }

  public Loads by(LoadRecord.@Nullable ProcessDetails process) {
    loader = process;
    return this;
  }

  public Loads askedBy(
      String alias, LoadRecord.ProcessDetails process, @Nullable String modprobePath) {
    requester = new LoadRecord.Requester(alias, process, modprobePath);
    return this;
  }

  public Loads in(ContainerContext context, KubernetesContext pod) {
    container = context;
    kubernetes = pod;
    return this;
  }

  public Loads codeMayHaveRun() {
    codeMayHaveRun = true;
    return this;
  }

  public Loads preExisting() {
    preExisting = true;
    return this;
  }

  public Loads retryOf(String id) {
    retryOf = id;
    return this;
  }

  public Loads waitedOn(String id) {
    waitedOn = id;
    return this;
  }

  public Loads findings(String... ids) {
    findings = List.of(ids);
    return this;
  }

  public Loads repeats(int count) {
    repeats = count;
    return this;
  }

  public Loads gap(String field, String why) {
    gaps = List.of(new LoadRecord.Gap(field, why));
    return this;
  }

  public LoadRecord build() {
    return LoadRecord.builder(id, 1_795_377_600_123_456_789L, action)
        .durationNanos(returnValue == null ? null : 1_000L)
        .result(outcome, returnValue, reason)
        .route(
            action == LoadRecord.Action.REQUEST
                ? LoadRecord.Route.NONE
                : new LoadRecord.Route(
                    "finit_module", abi, flags, "", memoryOnly, null, requester != null))
        .module(
            new LoadRecord.ModuleDetails(
                name, null, null, null, null, null, null, intree, List.of(), List.of(), sizeBytes,
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
