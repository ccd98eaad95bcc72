package org.kmodwatch.core.signatures;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.load.LoadRecord;

/** A load by root's insmod from the distribution's tree, on the host, with what a test changes. */
@NullMarked
final class LoadRecordBuilder {

  private String id = "1";
  private LoadRecord.Action action = LoadRecord.Action.LOAD;
  private LoadRecord.Outcome outcome = LoadRecord.Outcome.LOADED;
  private String syscall = "finit_module";
  private List<String> flags = List.of();
  private List<String> taints = List.of();
  private @Nullable Boolean intree;
  private LoadRecord.@Nullable Image image;
  private LoadRecord.@Nullable ModuleFile file =
      new LoadRecord.ModuleFile(
          "/lib/modules/6.12.117/kernel/drivers/net/dummy.ko",
          8388609,
          4242,
          1,
          false,
          LoadRecord.Place.DISTRIBUTION,
          null);
  private LoadRecord.@Nullable ProcessDetails loader = process(0, "/user.slice/session-1.scope");
  private LoadRecord.@Nullable Requester requester;
  private ContainerContext container = ContainerContext.NONE;
  private boolean codeMayHaveRun;
  private boolean preExisting;
  private int repeats = 1;
  private @Nullable String retryOf;
  private @Nullable String waitedOn;
  private final List<LoadRecord.Gap> gaps = new ArrayList<>();

  static LoadRecordBuilder load() {
    return new LoadRecordBuilder();
  }

  static LoadRecordBuilder fromMemory() {
    LoadRecordBuilder builder = load();
    builder.syscall = "init_module";
    builder.file = null;
    return builder;
  }

  static LoadRecordBuilder fromFile(String path, LoadRecord.Place place, boolean deleted) {
    LoadRecordBuilder builder = load();
    builder.file = new LoadRecord.ModuleFile(path, 1, 2, 3, deleted, place, null);
    return builder;
  }

  /** A request of a user that came to nothing. */
  static LoadRecordBuilder request(@Nullable String alias, long uid) {
    LoadRecordBuilder builder = fromMemory().noLoader().outcome(LoadRecord.Outcome.FAILED);
    builder.action = LoadRecord.Action.REQUEST;
    return builder.requester(alias, uid, null);
  }

  LoadRecordBuilder repeats(int value) {
    repeats = value;
    return this;
  }

  LoadRecordBuilder id(String value) {
    id = value;
    return this;
  }

  LoadRecordBuilder withoutFile() {
    file = null;
    return this;
  }

  LoadRecordBuilder withFile() {
    file = load().file;
    return this;
  }

  LoadRecordBuilder unload() {
    action = LoadRecord.Action.UNLOAD;
    outcome = LoadRecord.Outcome.UNLOADED;
    return this;
  }

  LoadRecordBuilder outcome(LoadRecord.Outcome value) {
    outcome = value;
    return this;
  }

  LoadRecordBuilder flags(String... values) {
    flags = List.of(values);
    return this;
  }

  LoadRecordBuilder taints(String... values) {
    taints = List.of(values);
    return this;
  }

  LoadRecordBuilder intree(boolean value) {
    intree = value;
    return this;
  }

  LoadRecordBuilder signature(LoadRecord.ModuleSignature.Status status, @Nullable String signer) {
    image =
        new LoadRecord.Image(
            "ab",
            1,
            LoadRecord.Image.Source.KERNEL,
            true,
            null,
            new LoadRecord.ModuleSignature(status, signer, null, null),
            null);
    return this;
  }

  LoadRecordBuilder ownedBy(String packageName) {
    LoadRecord.ModuleFile old = java.util.Objects.requireNonNull(file);
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

  LoadRecordBuilder loaderIn(String cgroup) {
    loader = process(0, cgroup);
    return this;
  }

  LoadRecordBuilder noLoader() {
    loader = null;
    return this;
  }

  LoadRecordBuilder requester(@Nullable String alias, long uid, @Nullable String cgroup) {
    requester = new LoadRecord.Requester(alias, process(uid, cgroup), null);
    return this;
  }

  LoadRecordBuilder container(String id) {
    container = new ContainerContext(id, null, null, null, null);
    return this;
  }

  LoadRecordBuilder codeMayHaveRun() {
    codeMayHaveRun = true;
    return this;
  }

  LoadRecordBuilder preExisting() {
    preExisting = true;
    return this;
  }

  LoadRecordBuilder retryOf(String id) {
    retryOf = id;
    return this;
  }

  LoadRecordBuilder waitedOn(String id) {
    waitedOn = id;
    return this;
  }

  LoadRecordBuilder gap(String field, String why) {
    gaps.add(new LoadRecord.Gap(field, why));
    return this;
  }

  LoadRecord build() {
    return LoadRecord.builder(id, 1, action)
        .result(outcome, null, null)
        .route(
            new LoadRecord.Route(
                syscall, "native", flags, "", file == null, null, requester != null))
        .module(
            new LoadRecord.ModuleDetails(
                "dummy", null, null, null, "GPL", null, null, intree, List.of(), taints, null,
                List.of()))
        .image(image)
        .file(file)
        .loader(loader)
        .requester(requester)
        .codeMayHaveRun(codeMayHaveRun)
        .preExisting(preExisting)
        .linked(retryOf, waitedOn)
        .in(container, KubernetesContext.NONE)
        .repeats(repeats)
        .gaps(gaps)
        .build();
  }

  private static LoadRecord.ProcessDetails process(long uid, @Nullable String cgroup) {
    return new LoadRecord.ProcessDetails(
        7, 7, 1, 7, "insmod", null, List.of(), uid, uid, null, null, List.of(), 1, Map.of(), cgroup,
        List.of());
  }
}
