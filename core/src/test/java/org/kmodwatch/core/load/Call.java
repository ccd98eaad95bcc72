package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.core.event.SensorContext.FileTrait;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

/** Builds the events of one call for tests, as the sensor emits them. */
@NullMarked
final class Call {

  static final long ROOT = 0x1ff_ffff_ffffL;
  static final long SECOND = 1_000_000_000L;
  static final long START = 1_790_000_000L * SECOND;

  final List<Event> events = new ArrayList<>();
  final int thread;
  final long time;
  private final String name;
  private long now;
  private boolean fromSensor = true;
  private boolean outside;
  private boolean entryMissed;
  private boolean crowdedOut;
  private @Nullable FileIdentity file;
  private @Nullable String moduleName;
  private boolean signatureMissing;
  private boolean isOpen;
  private String hostName = "wren";
  private long utsNamespace;
  private @Nullable Long lockdownVerdict;
  private @Nullable Long signatureResult;
  private @Nullable String refusedBy;
  private long capabilities = ROOT;
  private long userNamespace = 0xEFFFFFFDL;
  private List<String> args = List.of("insmod", "x.ko");
  private List<SensorContext.Ancestor> ancestors =
      List.of(new SensorContext.Ancestor(1, "init", "/sbin/init", 5));
  private String comm = "insmod";
  private @Nullable String params = "";
  private String version = "1.2";
  private String srcversion = "ABC";
  private String cgroup = "/system.slice/x";
  private boolean stringsHidden;
  private @Nullable Long taints;
  private long flags;
  private @Nullable String modprobePath;
  private long uid;
  private long processStart = START - SECOND;
  private long clockShift;

  private Call(String name, int thread, long time) {
    this.name = name;
    this.thread = thread;
    this.time = time;
    this.now = time;
  }

  static Call finit(int thread, long at) {
    return new Call("finit_module", thread, START + at).file("/root/x.ko", 77);
  }

  static Call init(int thread, long at) {
    return new Call("init_module", thread, START + at);
  }

  static Call delete(int thread, long at) {
    return new Call("delete_module", thread, START + at);
  }

  static Call request(int thread, long at) {
    Call call = new Call("", thread, START + at);
    call.modprobePath = "/sbin/modprobe";
    return call;
  }

  Call file(String path, long inode) {
    file = new FileIdentity(path, 8 << 20 | 1, inode, START - 5 * SECOND);
    return this;
  }

  /** Sets a module file that the caller of init_module has open. */
  Call open(String path, long inode) {
    isOpen = true;
    return file(path, inode);
  }

  Call fileIsHere(boolean isHere) {
    file = Objects.requireNonNull(file).found(isHere);
    return this;
  }

  Call fileIs(FileTrait... traits) {
    FileIdentity known = Objects.requireNonNull(file);
    file =
        new FileIdentity(
            known.path(), known.device(), known.inode(), known.ctimeNanos(), Set.of(traits), null);
    return this;
  }

  /** Sets the taints that module_load reports. */
  Call taints(long bits) {
    taints = bits;
    return this;
  }

  Call noContext() {
    fromSensor = false;
    return this;
  }

  Call outside() {
    outside = true;
    return this;
  }

  Call crowdedOut() {
    crowdedOut = true;
    return entryMissed();
  }

  Call entryMissed() {
    entryMissed = true;
    return this;
  }

  Call threadStarted(long at) {
    processStart = START + at;
    return this;
  }

  Call named(String module) {
    moduleName = module;
    return this;
  }

  Call unsigned(long verdict) {
    signatureMissing = true;
    lockdownVerdict = verdict;
    return this;
  }

  /** Sets the result of the signature check. */
  Call signatureChecked(long result) {
    signatureMissing = result != 0;
    lockdownVerdict = 0L;
    signatureResult = result;
    return this;
  }

  /** Sets a refusal by a security module other than lockdown, at the hook that they share. */
  Call unsignedAndRefusedBy(String hook) {
    signatureMissing = true;
    lockdownVerdict = 0L;
    refusedBy = hook;
    return this;
  }

  /** Sets a UTS namespace and the host name in it. */
  Call named(String host, long uts) {
    hostName = host;
    utsNamespace = uts;
    return this;
  }

  Call capabilities(long set) {
    capabilities = set;
    return this;
  }

  Call userNamespace(long inode) {
    userNamespace = inode;
    return this;
  }

  Call flags(long bits) {
    flags = bits;
    return this;
  }

  Call params(String text) {
    params = text;
    return this;
  }

  Call versions(String version, String srcversion) {
    this.version = version;
    this.srcversion = srcversion;
    return this;
  }

  Call ancestors(List<SensorContext.Ancestor> all) {
    ancestors = all;
    return this;
  }

  /** Makes the parameters, or the name given to delete_module, unreadable. */
  Call paramsUnread() {
    params = null;
    return this;
  }

  /** Hides strings, as under lockdown=confidentiality. */
  Call stringsHidden() {
    stringsHidden = true;
    return paramsUnread();
  }

  Call uid(long id) {
    uid = id;
    return this;
  }

  /** Sets the clock forward from the next event on, its contents included. */
  Call clockSetBy(long nanos) {
    clockShift = nanos;
    return this;
  }

  Call modprobePath(String path) {
    modprobePath = path;
    return this;
  }

  /** Makes the caller the kernel's own modprobe for {@code alias}, started at {@code startedAt}. */
  Call helperFor(String alias, long startedAt) {
    args = List.of("/sbin/modprobe", "-q", "--", alias);
    ancestors = List.of(new SensorContext.Ancestor(33, "kworker/u8:1", null, 9));
    comm = "modprobe";
    processStart = START + startedAt;
    return this;
  }

  Call startedAs(String path) {
    var changed = new ArrayList<>(args);
    changed.set(0, path);
    args = changed;
    return this;
  }

  Call cgroup(String path) {
    cgroup = path;
    return this;
  }

  Call parent(String path) {
    ancestors = List.of(new SensorContext.Ancestor(9, "sh", path, 9));
    return this;
  }

  Call read(long ret) {
    return add("security_kernel_read_file", ret, withFile(str("type", "kernel-module")));
  }

  Call taken(long ret) {
    return add(
        "security_kernel_post_read_file", ret, num("size", 4096), str("type", "kernel-module"));
  }

  Call loadData(long ret) {
    return add("security_kernel_load_data", ret, str("type", "kernel-module"));
  }

  Call postLoadData(long ret) {
    return add(
        "security_kernel_post_load_data", ret, num("size", 4096), str("type", "kernel-module"));
  }

  Call handOver() {
    return name.equals("finit_module") ? read(0).taken(0) : loadData(0).postLoadData(0);
  }

  Call coming(long taints) {
    return add(
        "module_coming",
        0L,
        str("name", module()),
        str("param_values", params),
        num("taints", taints));
  }

  Call load() {
    return add(
        "module_load",
        0L,
        str("name", module()),
        str("version", version),
        str("src_version", srcversion));
  }

  Call initReturns(long ret) {
    return add("module_init", ret, str("name", module()));
  }

  Call free() {
    return add("module_free", 0L, str("name", module()), str("version", "1.2"));
  }

  Call loaded() {
    return handOver().coming(0x1000).load().initReturns(0).returns(0);
  }

  Call returns(long ret) {
    now += 1000;
    return end(name, ret, now);
  }

  Call returns(long ret, long at) {
    now = START + at;
    return end(name, ret, now);
  }

  Call unreturned() {
    return end(name, null, 0);
  }

  Call lateReturn(long ret) {
    return end("init_module_return", ret, now + 7 * SECOND);
  }

  Call lateReturn(long ret, long at) {
    return end("init_module_return", ret, START + at);
  }

  /** Sets the time of the next event. */
  Call at(long moment) {
    now = START + moment;
    return this;
  }

  Call asks(String alias) {
    add("security_kernel_module_request", 0L, str("name", alias));
    return add("module_request", 0L, str("name", alias));
  }

  Call asks(String alias, long ret) {
    return add("security_kernel_module_request", ret, str("name", alias));
  }

  private Call end(String eventName, @Nullable Long ret, long returnNanos) {
    Argument[] arguments =
        switch (name) {
          case "finit_module" ->
              new Argument[] {num("fd", 3), str("param_values", params), num("flags", flags)};
          case "delete_module" ->
              new Argument[] {str("name", params == null ? null : module()), num("flags", flags)};
          default -> new Argument[] {num("len", 4096), str("param_values", params)};
        };
    events.add(event(eventName, time, ret, true, returnNanos, arguments));
    return this;
  }

  private Call add(String eventName, @Nullable Long ret, Argument... arguments) {
    now += 1000;
    events.add(event(eventName, now, ret, eventName.endsWith("request"), 0, arguments));
    return this;
  }

  private String module() {
    return moduleName == null ? "x" : moduleName;
  }

  private Argument[] withFile(Argument type) {
    FileIdentity known = file;
    return known == null
        ? new Argument[] {type}
        : new Argument[] {
          str("pathname", known.path()),
          num("dev", known.device()),
          num("inode", known.inode()),
          type,
          num("ctime", known.ctimeNanos())
        };
  }

  private Event event(
      String eventName,
      long at,
      @Nullable Long ret,
      boolean withTask,
      long returnNanos,
      Argument... arguments) {
    Map<String, Value> unknown = Map.of();
    if (fromSensor) {
      var namespaces = new LinkedHashMap<String, Long>();
      namespaces.put("mnt", 4026531840L);
      namespaces.put("user", userNamespace);
      if (utsNamespace != 0) {
        namespaces.put("uts", utsNamespace);
      }
      var task =
          new SensorContext.Task(
              uid,
              0xffff_ffffL,
              0xffff_ffffL,
              capabilities,
              namespaces,
              cgroup,
              args,
              false,
              ancestors,
              modprobePath);
      unknown =
          SensorContexts.toUnknownFields(
              new SensorContext(
                  outside || name.isEmpty() ? 0 : time + clockShift,
                  returnNanos == 0 ? 0 : returnNanos + clockShift,
                  entryMissed,
                  crowdedOut,
                  name.equals("finit_module") || isOpen ? file : null,
                  moduleName,
                  signatureMissing,
                  lockdownVerdict,
                  signatureResult,
                  refusedBy,
                  withTask ? task : null,
                  clockShift,
                  stringsHidden,
                  eventName.equals("module_load") ? taints : null));
    }
    return Event.builder(eventName, at + clockShift)
        .process(
            new ProcessContext(
                processStart + clockShift,
                0,
                thread,
                thread,
                1,
                thread,
                thread,
                1,
                0,
                uid,
                4026531840L,
                4026531836L,
                comm,
                "/usr/bin/" + comm,
                null))
        .hostName(hostName)
        .eventId("1")
        .returnValue(ret)
        .syscall(outside ? "" : name)
        .args(List.of(arguments))
        .unknownFields(unknown)
        .build();
  }

  private static Argument str(String key, @Nullable String value) {
    return new Argument(key, "const char*", value == null ? Value.NULL : Value.of(value));
  }

  private static Argument num(String key, long value) {
    return new Argument(key, "unsigned long", Value.of(value));
  }
}
