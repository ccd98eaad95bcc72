package org.kmodwatch.agent.format;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.load.LoadRecord.ProcessDetails;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * Writes Elastic Common Schema 9. A load is an event of the category driver. ECS has no fields for
 * kernel modules, so Kmodwatch's fields are under {@code kmod}.
 *
 * @see <a href="https://github.com/elastic/ecs/blob/main/schemas/event.yml">event.yml</a>
 */
final class EcsFormat extends JsonFormat {

  private static final String VERSION = "9.5.0";

  /** The risk scores of Elastic's own rules for low, medium and high. */
  private static final long[] RISK = {0, 21, 47, 73};

  private final AttackMapping attack;

  EcsFormat(Catalogue catalogue, AttackMapping attack) {
    super(catalogue);
    this.attack = attack;
  }

  @Override
  Value value(Facts facts) {
    var fields = new ObjectBuilder();
    fields.put("@timestamp", time(facts.timeNanos()));
    fields.put("ecs", new ObjectBuilder().put("version", VERSION));
    fields.put("message", facts.message());
    fields.put("event", event(facts));
    LoadRecord load = facts.load();
    if (load != null) {
      fields.put("file", file(load));
      fields.put("container", container(load.container()));
      fields.put("orchestrator", orchestrator(load.kubernetes()));
      fields.put("kmod", kmod(load, facts));
    } else if (facts.event() != null) {
      facts.path().ifPresent(path -> fields.put("file", named(path)));
      fields.put("container", container(facts.event().container()));
      fields.put("orchestrator", orchestrator(facts.event().kubernetes()));
    }
    facts.loader().ifPresent(loader -> fields.put("process", process(loader)));
    facts
        .loader()
        .ifPresent(loader -> fields.put("user", new ObjectBuilder().putUser("id", loader)));
    facts.signature().ifPresent(signature -> fields.put("rule", rule(signature)));
    fields.put("threat", threat(facts.signatures()));
    fields.put("host", host(facts.host()));
    fields.put("related", new ObjectBuilder().put("hash", hashes(load)));
    return fields.toValue();
  }

  private static ObjectBuilder event(Facts facts) {
    LoadRecord load = facts.load();
    var event = new ObjectBuilder();
    event.put("kind", facts.kind() == Notice.Kind.LOAD ? "event" : "alert");
    if (load == null) {
      event.put("category", List.of("intrusion_detection"));
      event.put("type", List.of("info"));
      event.put("action", facts.event() == null ? null : facts.event().eventName());
    } else {
      event.put("category", List.of("driver"));
      event.put(
          "type",
          List.of(
              switch (load.outcome()) {
                case LOADED -> "start";
                case UNLOADED -> "end";
                case REFUSED, FAILED, UNKNOWN -> "info";
              }));
      event.put(
          "action",
          switch (load.action()) {
            case LOAD -> "loaded-kernel-module";
            case UNLOAD -> "unloaded-kernel-module";
            case REQUEST -> "requested-kernel-module";
            case UNKNOWN -> null;
          });
      event.put(
          "outcome",
          switch (load.outcome()) {
            case LOADED, UNLOADED -> "success";
            case REFUSED, FAILED -> "failure";
            case UNKNOWN -> "unknown";
          });
      event.put("reason", load.reason());
      event.put("duration", load.durationNanos());
    }
    event.put("id", facts.id());
    facts.signature().ifPresent(signature -> event.put("code", signature.id()));
    event.put("provider", "kmodwatch");
    event.put("module", "kmodwatch");
    event.put("dataset", "kmodwatch." + facts.kind().word());
    event.put("severity", facts.severity());
    event.put("risk_score", RISK[facts.level()]);
    event.put("start", time(facts.timeNanos()));
    if (facts.lastNanos() != facts.timeNanos()) {
      event.put("end", time(facts.lastNanos()));
    }
    return event;
  }

  private static ObjectBuilder file(LoadRecord load) {
    LoadRecord.ModuleFile file = load.file();
    if (file == null) {
      return new ObjectBuilder();
    }
    ObjectBuilder fields = named(file.path());
    if (file.inode() != 0) {
      fields.put("inode", Long.toUnsignedString(file.inode()));
      fields.put("device", Long.toString(file.device()));
    }
    if (file.ctimeNanos() != 0) {
      fields.put("ctime", time(file.ctimeNanos()));
    }
    LoadRecord.Image image = load.image();
    if (image != null) {
      fields.put("size", image.sizeBytes());
      fields.put("hash", new ObjectBuilder().put("sha256", image.sha256()));
      if (image.signature() != null) {
        fields.put("code_signature", codeSignature(image.signature()));
      }
    }
    return fields;
  }

  private static ObjectBuilder named(String path) {
    String text = Facts.fileName(path);
    int dot = text.lastIndexOf('.');
    return new ObjectBuilder()
        .put("path", path)
        .put("name", text)
        .put("extension", dot <= 0 ? null : text.substring(dot + 1));
  }

  private static ObjectBuilder codeSignature(ModuleSignature signature) {
    ModuleSignature.Status status = signature.status();
    return new ObjectBuilder()
        .put(
            "exists",
            switch (status) {
              case VALID, INVALID, UNKNOWN_KEY -> Boolean.TRUE;
              case UNSIGNED -> Boolean.FALSE;
              case UNKNOWN -> null;
            })
        .put(
            "valid",
            switch (status) {
              case VALID -> Boolean.TRUE;
              case INVALID -> Boolean.FALSE;
              case UNSIGNED, UNKNOWN_KEY, UNKNOWN -> null;
            })
        .put(
            "trusted",
            switch (status) {
              case VALID -> Boolean.TRUE;
              case INVALID, UNSIGNED, UNKNOWN_KEY -> Boolean.FALSE;
              case UNKNOWN -> null;
            })
        .put("status", status.word())
        .put("subject_name", signature.signer())
        .put("digest_algorithm", signature.digest());
  }

  private static ObjectBuilder process(ProcessDetails process) {
    var fields = new ObjectBuilder();
    fields.putId("pid", process.hostPid());
    fields.putName("name", process.comm());
    fields.put("executable", process.exe());
    fields.put("args", process.args());
    if (!process.args().isEmpty()) {
      fields.put("args_count", process.args().size());
      fields.put("command_line", String.join(" ", process.args()));
    }
    if (process.startTimeNanos() != 0) {
      fields.put("start", time(process.startTimeNanos()));
    }
    fields.put("user", new ObjectBuilder().putUser("id", process));
    fields.put(
        "thread",
        new ObjectBuilder()
            .putId("id", process.tid())
            .put("capabilities", new ObjectBuilder().put("effective", process.capabilities())));
    if (!process.ancestors().isEmpty()) {
      // ECS has a parent of a process, but no parent of a parent.
      LoadRecord.Ancestor parent = process.ancestors().getFirst();
      fields.put(
          "parent",
          new ObjectBuilder()
              .put("pid", parent.pid())
              .putName("name", parent.comm())
              .put("executable", parent.exe()));
    }
    return fields;
  }

  private static ObjectBuilder container(ContainerContext container) {
    return new ObjectBuilder()
        .put("id", container.id())
        .put("name", container.name())
        .put("runtime", container.runtime())
        .put(
            "image",
            new ObjectBuilder()
                .put("name", container.image())
                .put(
                    "hash",
                    new ObjectBuilder()
                        .put(
                            "all",
                            container.imageDigest() == null
                                ? List.of()
                                : List.of(container.imageDigest()))));
  }

  private static ObjectBuilder orchestrator(KubernetesContext pod) {
    if (pod.podName() == null && pod.podNamespace() == null && pod.podUid() == null) {
      return new ObjectBuilder();
    }
    return new ObjectBuilder()
        .put("type", "kubernetes")
        .put("namespace", pod.podNamespace())
        .put(
            "resource",
            new ObjectBuilder()
                .put("type", "pod")
                .put("name", pod.podName())
                .put("id", pod.podUid()));
  }

  private static ObjectBuilder rule(SignatureMetadata signature) {
    return new ObjectBuilder()
        .put("id", signature.id())
        .put("name", signature.name())
        .put("version", signature.version())
        .put("description", signature.description())
        .put(
            "category",
            signature.properties().get("Category") instanceof Value.Str(String category)
                ? category
                : null)
        .put("ruleset", "kmodwatch");
  }

  private ObjectBuilder threat(List<SignatureMetadata> signatures) {
    var tacticIds = new LinkedHashSet<String>();
    var tacticNames = new LinkedHashSet<String>();
    var ids = new LinkedHashSet<String>();
    var names = new LinkedHashSet<String>();
    var subIds = new ArrayList<String>();
    var subNames = new ArrayList<String>();
    for (AttackMapping.Technique technique : attack.of(signatures)) {
      technique.tactics().forEach(tactic -> tacticIds.add(tactic.id()));
      technique.tactics().forEach(tactic -> tacticNames.add(tactic.name()));
      AttackMapping.Named parent = technique.parent();
      if (parent == null) {
        ids.add(technique.id());
        names.add(technique.name());
      } else {
        ids.add(parent.id());
        names.add(parent.name());
        subIds.add(technique.id());
        subNames.add(technique.name());
      }
    }
    if (ids.isEmpty()) {
      return new ObjectBuilder();
    }
    return new ObjectBuilder()
        .put("framework", "MITRE ATT&CK")
        .put(
            "tactic",
            new ObjectBuilder()
                .put("id", List.copyOf(tacticIds))
                .put("name", List.copyOf(tacticNames)))
        .put(
            "technique",
            new ObjectBuilder()
                .put("id", List.copyOf(ids))
                .put("name", List.copyOf(names))
                .put("subtechnique", new ObjectBuilder().put("id", subIds).put("name", subNames)));
  }

  private static ObjectBuilder host(LoadRecord.Host host) {
    return new ObjectBuilder()
        .put("id", host.machineId())
        .put("name", host.name())
        .put("hostname", host.name())
        .put("architecture", host.arch())
        .put("boot", new ObjectBuilder().put("id", host.bootId()))
        .put("os", new ObjectBuilder().put("type", "linux").put("kernel", host.kernel()));
  }

  private static List<String> hashes(@Nullable LoadRecord load) {
    if (load == null || load.image() == null) {
      return List.of();
    }
    var hashes = new ArrayList<String>();
    if (load.image().sha256() != null) {
      hashes.add(load.image().sha256());
    }
    if (load.image().decompressed() != null) {
      hashes.add(load.image().decompressed().sha256());
    }
    return hashes;
  }

  private static ObjectBuilder kmod(LoadRecord load, Facts facts) {
    LoadRecord.ModuleDetails module = load.module();
    LoadRecord.Route route = load.route();
    var fields = new ObjectBuilder();
    fields.put("id", load.id());
    fields.put("name", module.name());
    fields.put("version", module.version());
    fields.put("src_version", module.srcversion());
    fields.put("vermagic", module.vermagic());
    fields.put("license", module.license());
    fields.put("description", module.description());
    fields.put("author", module.author());
    fields.put("in_tree", module.intree());
    fields.put("depends", module.depends());
    fields.put("taints", module.taints());
    fields.put("size", module.sizeBytes());
    fields.put("action", Facts.word(load.action()));
    fields.put("outcome", Facts.word(load.outcome()));
    fields.put("return_value", load.returnValue());
    fields.put("errno", load.errno());
    fields.put("code_may_have_run", load.codeMayHaveRun());
    fields.put("pre_existing", load.preExisting());
    fields.put(
        "route",
        new ObjectBuilder()
            .put("syscall", route.syscall())
            .put("abi", route.abi())
            .put("flags", route.flags())
            .put("params", route.params())
            .put("memory_only", route.memoryOnly())
            .put("compression", route.compression())
            .put("autoload", route.autoload()));
    LoadRecord.Image image = load.image();
    if (image != null) {
      fields.put(
          "image",
          new ObjectBuilder()
              .put("sha256", image.sha256())
              .put("size", image.sizeBytes())
              .put("source", Facts.word(image.source()))
              .put("complete", image.complete()));
    }
    LoadRecord.ModuleFile file = load.file();
    if (file != null) {
      fields.put("place", Facts.word(file.place()));
      LoadRecord.PackageOwner owner = file.owner();
      if (owner != null) {
        fields.put(
            "package",
            new ObjectBuilder()
                .put("manager", owner.manager())
                .put("name", owner.name())
                .put("version", owner.version())
                .put("changed", owner.changed()));
      }
    }
    LoadRecord.Requester requester = load.requester();
    if (requester != null) {
      fields.put("requester", process(requester.process()).put("alias", requester.alias()));
    }
    fields.put("findings", load.findings());
    if (load.policy() != null) {
      fields.put(
          "policy",
          new ObjectBuilder()
              .put("verdict", Facts.word(load.policy().verdict()))
              .put("rule", load.policy().rule()));
    }
    fields.put("count", facts.count());
    fields.putAll(
        "gaps",
        load.gaps().stream()
            .map(gap -> new ObjectBuilder().put("field", gap.field()).put("why", gap.why()))
            .toList());
    return fields;
  }

  private static String time(long nanos) {
    return Instant.ofEpochSecond(0, nanos).toString();
  }
}
