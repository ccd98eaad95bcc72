package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;

/**
 * Defines the fields of a load record. Each field has one line with its type, key, description and
 * value, in the order of JSON. Writing, reading, the types of policy conditions, the JSON Schema
 * and the table in docs/reference/load-record.md come from these lines.
 *
 * <p>To add a field, add a component to the record and a line here, at the same place.
 */
public final class LoadSchema {

  private static final LoadRecord BLANK = LoadRecord.builder("", 0, LoadRecord.Action.LOAD).build();

  private static final LoadRecord.Image NO_IMAGE =
      new LoadRecord.Image("", 0, LoadRecord.Image.Source.KERNEL, false, null, null, null);

  private static final LoadRecord.Image.Decompressed NOT_DECOMPRESSED =
      new LoadRecord.Image.Decompressed("", 0);

  private static final LoadRecord.ModuleSignature NO_SIGNATURE =
      new LoadRecord.ModuleSignature(LoadRecord.ModuleSignature.Status.UNKNOWN, null, null, null);

  private static final LoadRecord.ModuleFile NO_FILE =
      new LoadRecord.ModuleFile("", 0, 0, 0, false, LoadRecord.Place.UNKNOWN, null);

  private static final LoadRecord.PackageOwner NO_PACKAGE =
      new LoadRecord.PackageOwner("", "", "", null);

  private static final LoadRecord.Ancestor NO_ANCESTOR = new LoadRecord.Ancestor(0, "", null);

  private static final LoadRecord.Requester NO_REQUESTER =
      new LoadRecord.Requester(null, LoadRecord.ProcessDetails.UNKNOWN, null);

  private static final LoadRecord.Policy NO_POLICY =
      new LoadRecord.Policy(LoadRecord.Policy.Verdict.UNKNOWN, null);

  private static final LoadRecord.Gap NO_GAP = new LoadRecord.Gap("", "");

  private LoadSchema() {}

  /**
   * Describes a field of the record, or of an object in it.
   *
   * @param key key in JSON
   * @param type type of its value
   * @param description the description in the documentation
   * @param required whether every object has it
   * @param knownWhenAbsent whether an absent key means false or empty, and not unknown
   */
  public record Field(
      String key, FieldType type, String description, boolean required, boolean knownWhenAbsent) {}

  /** Describes the type of a value. */
  public sealed interface FieldType {

    /** Lists the types that have no parts. */
    enum Plain implements FieldType {
      /** The value is a text. */
      TEXT,
      /** The value is a time, as text. */
      TIME,
      /** The value is a signed whole number. */
      WHOLE,
      /** The value is an unsigned 64-bit number. */
      UNSIGNED,
      /** The value is true or false. */
      FLAG,
      /** The value is a list of texts. */
      TEXTS,
      /** The value is an object of whole numbers by name. */
      NUMBERS
    }

    /**
     * The value is a text that never changes.
     *
     * @param value the text
     */
    record Constant(String value) implements FieldType {}

    /**
     * The value is a text that is one of several words. A later version may have more.
     *
     * @param words all words of this version
     */
    record Words(List<String> words) implements FieldType {}

    /**
     * The value is an object that has these fields.
     *
     * @param fields the fields in the order of JSON
     */
    record Group(List<Field> fields) implements FieldType {}

    /**
     * The value is a list of objects.
     *
     * @param each the type of each
     */
    record Groups(Group each) implements FieldType {}
  }

  /** Returns the type of a record, with all of its fields. */
  public static FieldType.Group type() {
    return Lister.list(BLANK, LoadSchema::load);
  }

  /** Calls {@code visitor} for each field of {@code record}, and makes a record of the results. */
  public static LoadRecord visit(FieldVisitor visitor, LoadRecord record) {
    return load(visitor, record);
  }

  /** Reads a record. */
  static LoadRecord read(FieldReader reader) {
    return load(reader, BLANK);
  }

  private static LoadRecord load(FieldVisitor f, LoadRecord r) {
    schema(f);
    return new LoadRecord(
        f.required("id", f.text("id", "the same each time that the same events are read", r.id())),
        f.required("time", f.time("time", "when the call was entered, UTC", r.timeNanos())),
        f.number("durationNs", "from then until the call returned", r.durationNanos()),
        f.object("host", "the host, as far as known", r.host(), LoadSchema::host),
        f.word("action", "what was attempted", r.action(), LoadRecord.Action.UNKNOWN),
        f.optionalWord(
            "outcome",
            "absent, with the gap `outcome`, where it is not known",
            r.outcome(),
            LoadRecord.Outcome.UNKNOWN),
        f.number(
            "returnValue",
            "what the call returned; of a refused request what the security modules said",
            r.returnValue()),
        f.text("errno", "the name of a negative `returnValue`", r.errno()),
        f.text("reason", "in words, for `refused` and `failed`", r.reason()),
        f.knownObject("route", "how the module came in", r.route(), LoadSchema::route),
        f.object(
            "module", "what kernel and image say of the module", r.module(), LoadSchema::module),
        f.optionalObject(
            "image",
            "the bytes that the kernel was given, see [module images](module-images.md)",
            r.image(),
            NO_IMAGE,
            LoadSchema::image),
        f.optionalObject("file", "the module's file", r.file(), NO_FILE, LoadSchema::file),
        f.optionalObject(
            "loader",
            "the process that made the call",
            r.loader(),
            LoadRecord.ProcessDetails.UNKNOWN,
            LoadSchema::process),
        f.optionalObject(
            "requester",
            "the process that the kernel started modprobe for, or of a request would have",
            r.requester(),
            NO_REQUESTER,
            LoadSchema::requester),
        f.flag(
            "codeMayHaveRun",
            "refused or failed, but its parameters were being set, or its init ran",
            r.codeMayHaveRun()),
        f.flag(
            "preExisting",
            "it was there before Kmodwatch started; only its existence is known",
            r.preExisting()),
        f.text(
            "retryOf",
            "id of the finit_module, at most 1 s before, of which this init_module is the second"
                + " try",
            r.retryOf()),
        f.text(
            "waitedOn",
            "id of the attempt for the same file whose result this one was given (from Linux 6.5"
                + " on)",
            r.waitedOn()),
        f.object(
            "container",
            "of the requester, else of the loader",
            r.container(),
            LoadSchema::container),
        f.object(
            "kubernetes", "of the requester, else of the loader", r.kubernetes(), LoadSchema::pod),
        f.texts(
            "findings",
            "ids of the findings on its events, those of the request included",
            r.findings()),
        f.optionalObject(
            "policy",
            "the verdict of the [policy](../how-to/policy.md), if there is one",
            r.policy(),
            NO_POLICY,
            LoadSchema::policy),
        orOne(
            f.int32(
                "repeats",
                "how many attempts it stands for: more than 1 where they were [held"
                    + " back](../explanation/lanes.md)",
                r.repeats())),
        gaps(f, r.gaps()));
  }

  static void schema(FieldVisitor f) {
    f.constant("schema", "name and version of this schema", LoadRecord.SCHEMA);
  }

  static List<LoadRecord.Gap> gaps(FieldVisitor f, List<LoadRecord.Gap> gaps) {
    return f.objects("gaps", "what is missing", gaps, NO_GAP, LoadSchema::gap);
  }

  private static LoadRecord.Gap gap(FieldVisitor f, LoadRecord.Gap g) {
    return new LoadRecord.Gap(
        f.required("field", f.text("field", "its key, with dots", g.field())),
        f.required("why", f.text("why", "in words", g.why())));
  }

  private static LoadRecord.Host host(FieldVisitor f, LoadRecord.Host h) {
    return new LoadRecord.Host(
        f.text("name", "host name", h.name()),
        f.text("machineId", "of /etc/machine-id", h.machineId()),
        f.text("bootId", "of /proc/sys/kernel/random/boot_id", h.bootId()),
        f.text("kernel", "the kernel's release", h.kernel()),
        f.text("arch", "the machine, as `uname` has it", h.arch()));
  }

  private static LoadRecord.Route route(FieldVisitor f, LoadRecord.Route r) {
    return new LoadRecord.Route(
        f.text(
            "syscall",
            "`init_module`, `finit_module`, `delete_module`; not if no call was seen",
            r.syscall()),
        f.text("abi", "`native`; `compat` for the 32-bit table", r.abi()),
        f.texts("flags", "by name; bits without a name as one hexadecimal number", r.flags()),
        f.text("params", "the module's parameters", r.params()),
        f.flag("memoryOnly", "init_module: no file is known", r.memoryOnly()),
        f.text(
            "compression",
            "how the given bytes were compressed: `gzip`, `xz`, `zstd`",
            r.compression()),
        f.flag("autoload", "the kernel started modprobe for somebody", r.autoload()));
  }

  private static LoadRecord.ModuleDetails module(FieldVisitor f, LoadRecord.ModuleDetails m) {
    return new LoadRecord.ModuleDetails(
        f.text("name", "its name", m.name()),
        f.text("version", "MODULE_VERSION", m.version()),
        f.text("srcversion", "hash of its sources", m.srcversion()),
        f.text("vermagic", "the kernel that it says to be built for", m.vermagic()),
        f.text("license", "MODULE_LICENSE", m.license()),
        f.text("description", "MODULE_DESCRIPTION", m.description()),
        f.text("author", "MODULE_AUTHOR, several with `, ` between", m.author()),
        f.truth("intree", "whether it says to be from the kernel's own source tree", m.intree()),
        f.texts("depends", "modules that it says to need", m.depends()),
        f.texts(
            "taints",
            "taints that it put on the kernel, as in the kernel's list, upper case",
            m.taints()),
        f.number(
            "sizeBytes",
            "bytes that the kernel was given; of a module that was there before, the memory it"
                + " takes",
            m.sizeBytes()),
        f.texts("usedBy", "modules that use it, of one that was there before", m.usedBy()));
  }

  private static LoadRecord.Image image(FieldVisitor f, LoadRecord.Image i) {
    String sha256 = f.text("sha256", "of all of them", i.sha256());
    return new LoadRecord.Image(
        sha256,
        f.required("sizeBytes", f.number("sizeBytes", "how many the kernel took", i.sizeBytes())),
        sha256 == null
            ? LoadRecord.Image.Source.KERNEL
            : f.word("source", "of the hash", i.source(), LoadRecord.Image.Source.UNKNOWN),
        Boolean.TRUE.equals(
            f.truth(
                "complete",
                "whether every byte was seen, by count and order; always there",
                i.complete())),
        f.optionalObject(
            "decompressed",
            "what the kernel made of compressed bytes, and loaded",
            i.decompressed(),
            NOT_DECOMPRESSED,
            LoadSchema::decompressed),
        f.optionalObject(
            "signature", "the module's", i.signature(), NO_SIGNATURE, LoadSchema::signature),
        f.text("kept", "where the bytes are kept (`--keep-images`)", i.kept()));
  }

  private static LoadRecord.Image.Decompressed decompressed(
      FieldVisitor f, LoadRecord.Image.Decompressed d) {
    return new LoadRecord.Image.Decompressed(
        f.required("sha256", f.text("sha256", "of the module", d.sha256())),
        f.required("sizeBytes", f.number("sizeBytes", "its size", d.sizeBytes())));
  }

  private static LoadRecord.ModuleSignature signature(
      FieldVisitor f, LoadRecord.ModuleSignature s) {
    return new LoadRecord.ModuleSignature(
        f.word(
            "status", "what is known of it", s.status(), LoadRecord.ModuleSignature.Status.UNKNOWN),
        f.text("signer", "name of the key; several with `, ` between", s.signer()),
        f.text("keyId", "serial number or identifier of the key", s.keyId()),
        f.text("digest", "hash algorithm", s.digest()));
  }

  private static LoadRecord.ModuleFile file(FieldVisitor f, LoadRecord.ModuleFile m) {
    boolean known = m.inode() != 0;
    return new LoadRecord.ModuleFile(
        f.required(
            "path",
            f.text("path", "in the loader's mount namespace, without ` (deleted)`", m.path())),
        orZero(f.number("device", "major << 20 | minor", known ? m.device() : null)),
        orZero(f.unsigned("inode", "inode number", known ? m.inode() : null)),
        orZero(f.time("ctime", "its last change", m.ctimeNanos() == 0 ? null : m.ctimeNanos())),
        f.flag(
            "deleted",
            "no name leads to it, or only to a mount that is mounted nowhere",
            m.deleted()),
        f.word("place", "where its path is", m.place(), LoadRecord.Place.UNKNOWN),
        f.optionalObject(
            "package", "the package that it is from", m.owner(), NO_PACKAGE, LoadSchema::owner));
  }

  private static LoadRecord.PackageOwner owner(FieldVisitor f, LoadRecord.PackageOwner o) {
    return new LoadRecord.PackageOwner(
        f.required("manager", f.text("manager", "`dpkg` or `rpm`", o.manager())),
        f.required("name", f.text("name", "its name", o.name())),
        f.required("version", f.text("version", "its version", o.version())),
        f.truth(
            "changed",
            "whether the bytes are other than what it shipped, where it has a digest",
            o.changed()));
  }

  private static LoadRecord.ProcessDetails process(FieldVisitor f, LoadRecord.ProcessDetails p) {
    return new LoadRecord.ProcessDetails(
        orZero(f.int32("pid", "process id in its namespace", positive(p.pid()))),
        orZero(f.int32("tid", "thread id in its namespace", positive(p.tid()))),
        orZero(
            f.int32(
                "parentPid",
                "its parent's process id in its namespace; 0 if that is outside",
                p.pid() == 0 ? null : p.parentPid())),
        orZero(f.int32("hostPid", "process id on the host", positive(p.hostPid()))),
        orEmpty(f.text("comm", "the thread's name", p.comm().isEmpty() ? null : p.comm())),
        f.text("exe", "the file that it executes", p.exe()),
        f.texts("args", "its command line", p.args()),
        orUnknown(f.number("uid", "real user id", p.knownUid())),
        f.number("euid", "effective user id", p.euid()),
        f.number("loginUid", "who logged in, if anybody did", p.loginUid()),
        f.number("sessionId", "the audit session, if anybody logged in", p.sessionId()),
        f.texts("capabilities", "names of the effective capabilities", p.capabilities()),
        orZero(
            f.time(
                "startTime",
                "when the thread started",
                p.startTimeNanos() == 0 ? null : p.startTimeNanos())),
        f.numbers("namespaces", "inode numbers by the names of /proc/PID/ns", p.namespaces()),
        f.text("cgroup", "path of its cgroup", p.cgroup()),
        f.objects(
            "ancestors", "the parent first", p.ancestors(), NO_ANCESTOR, LoadSchema::ancestor));
  }

  private static LoadRecord.Ancestor ancestor(FieldVisitor f, LoadRecord.Ancestor a) {
    return new LoadRecord.Ancestor(
        f.required("pid", f.int32("pid", "process id on the host", a.pid())),
        orEmpty(f.text("comm", "its name", a.comm().isEmpty() ? null : a.comm())),
        f.text("exe", "the file that it executes; a kernel thread has none", a.exe()));
  }

  private static LoadRecord.Requester requester(FieldVisitor f, LoadRecord.Requester r) {
    return new LoadRecord.Requester(
        f.text("alias", "what the kernel asked for", r.alias()),
        process(f, r.process()),
        f.text(
            "modprobePath",
            "what the kernel started, if that is no longer what it was at the start",
            r.modprobePath()));
  }

  private static ContainerContext container(FieldVisitor f, ContainerContext c) {
    return new ContainerContext(
        f.text("id", "its id", c.id()),
        f.text("name", "its name", c.name()),
        f.text("image", "its image", c.image()),
        f.text("imageDigest", "digest of the image", c.imageDigest()),
        f.text("runtime", "`docker`, `containerd`, `crio`, `podman`", c.runtime()));
  }

  private static KubernetesContext pod(FieldVisitor f, KubernetesContext k) {
    return new KubernetesContext(
        f.text("podName", "the pod's name", k.podName()),
        f.text("podNamespace", "the pod's namespace", k.podNamespace()),
        f.text("podUid", "the pod's id", k.podUid()),
        f.truth("podSandbox", "whether it is the pod's sandbox", k.podSandbox()));
  }

  private static LoadRecord.Policy policy(FieldVisitor f, LoadRecord.Policy p) {
    return new LoadRecord.Policy(
        f.word("verdict", "its verdict", p.verdict(), LoadRecord.Policy.Verdict.UNKNOWN),
        f.text("rule", "the rule that decided, if one did", p.rule()));
  }

  private static @Nullable Integer positive(int id) {
    return id == 0 ? null : (Integer) id;
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static long orZero(@Nullable Long number) {
    return number == null ? 0 : number;
  }

  private static int orZero(@Nullable Integer number) {
    return number == null ? 0 : number;
  }

  private static long orUnknown(@Nullable Long uid) {
    return uid == null ? ProcessContext.UNKNOWN_USER : uid;
  }

  private static int orOne(@Nullable Integer number) {
    return number == null ? 1 : number;
  }

  /** Lists the fields of an object, and does not change its values. */
  private static final class Lister implements FieldVisitor {
    private final List<Field> fields = new ArrayList<>();

    static <R> FieldType.Group list(R blank, Fields<R> fields) {
      var lister = new Lister();
      R unused = fields.visit(lister, blank);
      return new FieldType.Group(List.copyOf(lister.fields));
    }

    private void add(String key, FieldType type, String description) {
      fields.add(new Field(key, type, description, false, false));
    }

    private void addKnown(String key, FieldType type, String description) {
      fields.add(new Field(key, type, description, false, true));
    }

    private static <E extends Enum<E>> FieldType words(E unknown) {
      return new FieldType.Words(
          Stream.of(unknown.getDeclaringClass().getEnumConstants())
              .filter(each -> each != unknown)
              .map(LoadRecords::word)
              .toList());
    }

    @Override
    public <T> T required(String key, @Nullable T value) {
      Field last = fields.removeLast();
      fields.add(new Field(key, last.type(), last.description(), true, false));
      return FieldVisitor.super.required(key, value);
    }

    @Override
    public void constant(String key, String description, String value) {
      fields.add(new Field(key, new FieldType.Constant(value), description, true, false));
    }

    @Override
    public @Nullable String text(String key, String description, @Nullable String value) {
      add(key, FieldType.Plain.TEXT, description);
      return value;
    }

    @Override
    public List<String> texts(String key, String description, List<String> values) {
      addKnown(key, FieldType.Plain.TEXTS, description);
      return values;
    }

    @Override
    public @Nullable Long number(String key, String description, @Nullable Long value) {
      add(key, FieldType.Plain.WHOLE, description);
      return value;
    }

    @Override
    public @Nullable Long unsigned(String key, String description, @Nullable Long value) {
      add(key, FieldType.Plain.UNSIGNED, description);
      return value;
    }

    @Override
    public @Nullable Integer int32(String key, String description, @Nullable Integer value) {
      add(key, FieldType.Plain.WHOLE, description);
      return value;
    }

    @Override
    public Map<String, Long> numbers(String key, String description, Map<String, Long> values) {
      add(key, FieldType.Plain.NUMBERS, description);
      return values;
    }

    @Override
    public @Nullable Long time(String key, String description, @Nullable Long nanos) {
      add(key, FieldType.Plain.TIME, description);
      return nanos;
    }

    @Override
    public @Nullable Boolean truth(String key, String description, @Nullable Boolean value) {
      add(key, FieldType.Plain.FLAG, description);
      return value;
    }

    @Override
    public boolean flag(String key, String description, boolean value) {
      addKnown(key, FieldType.Plain.FLAG, description);
      return value;
    }

    @Override
    public <E extends Enum<E>> E word(String key, String description, E value, E unknown) {
      add(key, words(unknown), description);
      return value;
    }

    @Override
    public <R> R object(String key, String description, R value, Fields<R> fields) {
      add(key, list(value, fields), description);
      return value;
    }

    @Override
    public <R> R knownObject(String key, String description, R value, Fields<R> fields) {
      addKnown(key, list(value, fields), description);
      return value;
    }

    @Override
    public <R> @Nullable R optionalObject(
        String key, String description, @Nullable R value, R blank, Fields<R> fields) {
      add(key, list(blank, fields), description);
      return value;
    }

    @Override
    public <R> List<R> objects(
        String key, String description, List<R> values, R blank, Fields<R> fields) {
      add(key, new FieldType.Groups(list(blank, fields)), description);
      return values;
    }
  }
}
