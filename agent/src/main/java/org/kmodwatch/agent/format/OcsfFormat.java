package org.kmodwatch.agent.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.load.LoadRecord.ProcessDetails;

/**
 * Writes OCSF 1.8. A load or unload is Kernel Extension Activity (1002). An alert of one is too,
 * with {@code is_alert} of the security_control profile, as the schema prefers for a single event.
 * A single finding is a Detection Finding (2004): it is about a part of a load or about the sensor.
 *
 * @see <a
 *     href="https://github.com/ocsf/ocsf-schema/blob/main/events/system/kernel_extension_activity.json">kernel_extension_activity.json</a>
 */
final class OcsfFormat extends JsonFormat {

  private static final String VERSION = "1.8.0";
  private static final int SYSTEM_ACTIVITY = 1;
  private static final int FINDINGS = 2;
  private static final int KERNEL_EXTENSION_ACTIVITY = 1002;
  private static final int DETECTION_FINDING = 2004;

  /** OCSF's names for Kmodwatch's severities 0 to 3. The ids are one higher. */
  private static final List<String> SEVERITIES = List.of("Informational", "Low", "Medium", "High");

  private static final int SHA_256 = 3;
  private static final int REGULAR_FILE = 1;
  private static final int UNKNOWN = 0;

  /** A value without an id in the schema. */
  private static final int OTHER = 99;

  /** os.type_id. */
  private static final int LINUX = 200;

  private final AttackMapping attack;
  private final String version;

  OcsfFormat(Catalogue catalogue, AttackMapping attack, String version) {
    super(catalogue);
    this.attack = attack;
    this.version = version;
  }

  @Override
  Value value(Facts facts) {
    LoadRecord load = facts.load();
    return load == null || facts.kind() == Notice.Kind.FINDING
        ? finding(facts)
        : activity(facts, load);
  }

  private Value activity(Facts facts, LoadRecord load) {
    int activity =
        switch (load.action()) {
          case LOAD -> 1;
          case UNLOAD -> 2;
          case REQUEST -> OTHER;
          case UNKNOWN -> 0;
        };
    String activityName =
        switch (load.action()) {
          case LOAD -> "Load";
          case UNLOAD -> "Unload";
          case REQUEST -> "Request";
          case UNKNOWN -> "Unknown";
        };
    int statusId =
        switch (load.outcome()) {
          case LOADED, UNLOADED -> 1;
          case REFUSED, FAILED -> 2;
          case UNKNOWN -> 0;
        };
    var fields = new ObjectBuilder();
    fields.put("category_uid", SYSTEM_ACTIVITY);
    fields.put("category_name", "System Activity");
    fields.put("class_uid", KERNEL_EXTENSION_ACTIVITY);
    fields.put("class_name", "Kernel Extension Activity");
    fields.put("activity_id", activity);
    fields.put("activity_name", activityName);
    fields.put("type_uid", KERNEL_EXTENSION_ACTIVITY * 100 + activity);
    fields.put("type_name", "Kernel Extension Activity: " + activityName);
    common(fields, facts);
    fields.put("status_id", statusId);
    fields.put("status", List.of("Unknown", "Success", "Failure").get(statusId));
    fields.put("status_code", load.errno());
    fields.put("status_detail", load.reason());
    fields.put("duration", load.durationNanos() == null ? null : load.durationNanos() / 1_000_000);
    fields.put("driver", new ObjectBuilder().put("file", file(load)));
    fields.put("is_alert", facts.kind() == Notice.Kind.ALERT);
    switch (load.outcome()) {
      case LOADED, UNLOADED ->
          fields
              .put("action_id", 1)
              .put("action", "Allowed")
              .put("disposition_id", 1)
              .put("disposition", "Allowed");
      case REFUSED ->
          fields
              .put("action_id", 2)
              .put("action", "Denied")
              .put("disposition_id", 2)
              .put("disposition", "Blocked");
      case FAILED, UNKNOWN -> fields.put("action_id", 3).put("action", "Observed");
    }
    fields.putAll("attacks", attacks(facts));
    if (load.policy() != null && load.policy().rule() != null) {
      fields.put("policy", new ObjectBuilder().put("name", load.policy().rule()));
    }
    fields.put("actor", actor(facts));
    fields.put("container", container(load.container()));
    fields.put("unmapped", unmapped(load));
    return fields.toValue();
  }

  private Value finding(Facts facts) {
    var fields = new ObjectBuilder();
    fields.put("category_uid", FINDINGS);
    fields.put("category_name", "Findings");
    fields.put("class_uid", DETECTION_FINDING);
    fields.put("class_name", "Detection Finding");
    fields.put("activity_id", 1);
    fields.put("activity_name", "Create");
    fields.put("type_uid", DETECTION_FINDING * 100 + 1);
    fields.put("type_name", "Detection Finding: Create");
    common(fields, facts);
    fields.put("status_id", 1);
    fields.put("status", "New");
    fields.put("is_alert", true);
    var info = new ObjectBuilder().put("uid", facts.id()).put("title", facts.title());
    facts
        .signature()
        .ifPresent(
            signature ->
                info.put("desc", signature.description())
                    .put(
                        "analytic",
                        new ObjectBuilder()
                            .put("type_id", 1)
                            .put("type", "Rule")
                            .put("uid", signature.id())
                            .put("name", signature.name())
                            .put("version", signature.version())));
    info.putAll("attacks", attacks(facts));
    fields.put("finding_info", info);
    var evidence = new ObjectBuilder();
    facts.loader().ifPresent(loader -> evidence.put("process", process(loader)));
    facts.path().ifPresent(path -> evidence.put("file", named(path)));
    fields.putAll("evidences", List.of(evidence));
    return fields.toValue();
  }

  private void common(ObjectBuilder fields, Facts facts) {
    int severity = facts.level();
    fields.put("severity_id", severity + 1);
    fields.put("severity", SEVERITIES.get(severity));
    fields.put("time", facts.timeNanos() / 1_000_000);
    fields.put("message", facts.message());
    if (facts.count() > 1) {
      fields.put("count", facts.count());
      fields.put("start_time", facts.timeNanos() / 1_000_000);
      fields.put("end_time", facts.lastNanos() / 1_000_000);
    }
    var profiles = new ArrayList<>(List.of("host", "security_control"));
    if (facts.load() != null && facts.load().container().id() != null) {
      profiles.add("container");
    }
    var metadata =
        new ObjectBuilder()
            .put("version", VERSION)
            .put(
                "product",
                new ObjectBuilder()
                    .put("name", "Kmodwatch")
                    .put("vendor_name", "Kmodwatch")
                    .put("version", version))
            .put("uid", facts.id())
            .put("profiles", profiles);
    facts.signature().ifPresent(signature -> metadata.put("event_code", signature.id()));
    fields.put("metadata", metadata);
    fields.put("device", device(facts.host()));
  }

  private static ObjectBuilder device(LoadRecord.Host host) {
    return new ObjectBuilder()
        .put("type_id", UNKNOWN)
        .put("type", "Unknown")
        .put("hostname", host.name())
        .put("uid", host.machineId())
        .put("boot_uid", host.bootId())
        .put(
            "os",
            new ObjectBuilder()
                .put("name", "Linux")
                .put("type_id", LINUX)
                .put("type", "Linux")
                .put("kernel_release", host.kernel()));
  }

  private static ObjectBuilder file(LoadRecord load) {
    LoadRecord.ModuleFile file = load.file();
    ObjectBuilder fields;
    if (file == null) {
      // Required: a module from memory only has the module's name.
      String name = load.module().name();
      fields =
          new ObjectBuilder()
              .put("name", name == null ? "unknown" : name)
              .put("type_id", UNKNOWN)
              .put("type", "Unknown");
    } else {
      fields = named(file.path());
    }
    LoadRecord.Image image = load.image();
    if (image != null) {
      fields.put("size", image.sizeBytes());
      if (image.sha256() != null) {
        fields.putAll(
            "hashes",
            List.of(
                new ObjectBuilder()
                    .put("algorithm_id", SHA_256)
                    .put("algorithm", "SHA-256")
                    .put("value", image.sha256())));
      }
      ModuleSignature signature = image.signature();
      if (signature != null) {
        signature(signature).ifPresent(said -> fields.putAll("signatures", List.of(said)));
      }
    }
    return fields;
  }

  private static ObjectBuilder named(String path) {
    return new ObjectBuilder()
        .put("name", Facts.fileName(path))
        .put("path", path)
        .put("type_id", REGULAR_FILE)
        .put("type", "Regular File");
  }

  /** Writes the signature. A record does not have the algorithm of a key, so it is 0, unknown. */
  private static Optional<ObjectBuilder> signature(ModuleSignature signature) {
    var fields = new ObjectBuilder().put("algorithm_id", UNKNOWN).put("algorithm", "Unknown");
    return switch (signature.status()) {
      case UNSIGNED -> Optional.empty();
      case VALID -> Optional.of(fields.put("state_id", 1).put("state", "Valid"));
      case UNKNOWN_KEY -> Optional.of(fields.put("state_id", 6).put("state", "Untrusted"));
      case INVALID -> Optional.of(fields.put("state_id", 9).put("state", "Bad"));
      case UNKNOWN -> Optional.of(fields.put("state_id", UNKNOWN).put("state", "Unknown"));
    };
  }

  private static ObjectBuilder actor(Facts facts) {
    ProcessDetails loader = facts.loader().orElse(null);
    if (loader == null) {
      // One of its fields is required: the actor as far as it is known.
      return new ObjectBuilder().put("app_name", "unknown");
    }
    return new ObjectBuilder()
        .put("process", process(loader))
        .put("user", new ObjectBuilder().putUser("uid", loader));
  }

  private static ObjectBuilder process(ProcessDetails process) {
    var fields =
        new ObjectBuilder()
            .putId("pid", process.hostPid())
            .putId("tid", process.tid())
            .putName("name", process.comm())
            .put("cmd_line", process.args().isEmpty() ? null : String.join(" ", process.args()))
            .put("user", new ObjectBuilder().putUser("uid", process));
    if (process.exe() != null) {
      fields.put("file", named(process.exe()));
    }
    if (process.startTimeNanos() != 0) {
      fields.put("created_time", process.startTimeNanos() / 1_000_000);
    }
    if (!process.ancestors().isEmpty()) {
      LoadRecord.Ancestor parent = process.ancestors().getFirst();
      fields.put(
          "parent_process",
          new ObjectBuilder().put("pid", parent.pid()).putName("name", parent.comm()));
    }
    return fields;
  }

  private static ObjectBuilder container(ContainerContext container) {
    return new ObjectBuilder()
        .put("uid", container.id())
        .put("name", container.name())
        .put("runtime", container.runtime())
        .put("image", new ObjectBuilder().put("name", container.image()));
  }

  private List<ObjectBuilder> attacks(Facts facts) {
    return attack.of(facts.signatures()).stream().map(this::attack).toList();
  }

  private ObjectBuilder attack(AttackMapping.Technique technique) {
    var fields = new ObjectBuilder().put("version", attack.version());
    fields.putAll(
        "tactics",
        technique.tactics().stream()
            .map(tactic -> new ObjectBuilder().put("uid", tactic.id()).put("name", tactic.name()))
            .toList());
    AttackMapping.@Nullable Named parent = technique.parent();
    var own = new ObjectBuilder().put("uid", technique.id()).put("name", technique.name());
    return parent == null
        ? fields.put("technique", own)
        : fields
            .put(
                "technique", new ObjectBuilder().put("uid", parent.id()).put("name", parent.name()))
            .put("sub_technique", own);
  }

  /** Returns the fields for which the schema has no place, with Kmodwatch's names. */
  private static ObjectBuilder unmapped(LoadRecord load) {
    LoadRecord.ModuleDetails module = load.module();
    LoadRecord.Image image = load.image();
    LoadRecord.Requester requester = load.requester();
    var fields =
        new ObjectBuilder()
            .put("module.name", module.name())
            .put("module.version", module.version())
            .put("module.srcversion", module.srcversion())
            .put("module.license", module.license())
            .put("module.intree", module.intree())
            .put("module.taints", module.taints())
            .put("route.syscall", load.route().syscall())
            .put("route.memory_only", load.route().memoryOnly())
            .put("route.autoload", load.route().autoload())
            .put("outcome", Facts.word(load.outcome()))
            .put("findings", load.findings());
    if (image != null && image.signature() != null) {
      fields
          .put("signature.status", image.signature().status().word())
          .put("signature.signer", image.signature().signer());
    }
    if (load.file() != null) {
      fields.put("file.place", Facts.word(load.file().place()));
    }
    if (requester != null) {
      fields
          .put("requester.alias", requester.alias())
          .put("requester.name", requester.process().comm())
          .put("requester.pid", requester.process().hostPid())
          .put("requester.uid", requester.process().knownUid());
    }
    return fields;
  }
}
