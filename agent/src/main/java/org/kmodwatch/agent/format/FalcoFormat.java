package org.kmodwatch.agent.format;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ProcessDetails;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * Writes Falco's alert as JSON. It has Falco's own names in {@code output_fields} (proc.name,
 * user.uid, …) and Kmodwatch's under {@code kmod.}. So programs that accept Falco's alerts also
 * accept these.
 *
 * @see <a href="https://falco.org/docs/concepts/outputs/channels/">Falco's output channels</a>
 */
final class FalcoFormat extends JsonFormat {

  /** Falco's priorities for Kmodwatch's severities 0 to 3. */
  private static final List<String> PRIORITIES =
      List.of("Informational", "Notice", "Warning", "Critical");

  FalcoFormat(Catalogue catalogue) {
    super(catalogue);
  }

  @Override
  Value value(Facts facts) {
    String time = Instant.ofEpochSecond(0, facts.timeNanos()).toString();
    String priority = PRIORITIES.get(facts.level());
    return new ObjectBuilder()
        .put("uuid", facts.id())
        .put("hostname", facts.host().name())
        .put("output", "%s: %s %s".formatted(time, priority, facts.message()))
        .put("priority", priority)
        .put("rule", facts.title())
        .put("source", "syscall")
        .put("tags", tags(facts))
        .put("time", time)
        .put("output_fields", outputFields(facts))
        .toValue();
  }

  private static List<String> tags(Facts facts) {
    var tags = new ArrayList<>(List.of("host", "kernel_module", "kmodwatch"));
    for (SignatureMetadata signature : facts.signatures()) {
      tags.add(signature.id());
      if (signature.properties().get("external_id") instanceof Value.Str(String technique)
          && !tags.contains(technique)) {
        tags.add(technique);
      }
      if (signature.properties().get("Category") instanceof Value.Str(String category)) {
        String tag = "mitre_" + category.replace('-', '_').toLowerCase(Locale.ROOT);
        if (!tags.contains(tag)) {
          tags.add(tag);
        }
      }
    }
    return tags;
  }

  private static ObjectBuilder outputFields(Facts facts) {
    var fields = new ObjectBuilder();
    LoadRecord load = facts.load();
    fields.put("evt.time", facts.timeNanos());
    if (load != null) {
      fields.put("evt.type", load.route().syscall());
      fields.put(
          "evt.res",
          switch (load.outcome()) {
            case LOADED, UNLOADED -> "SUCCESS";
            case REFUSED, FAILED, UNKNOWN -> load.errno();
          });
    } else if (facts.event() != null) {
      fields.put("evt.type", facts.event().eventName());
    }
    facts.loader().ifPresent(loader -> process(fields, loader));
    facts.path().ifPresent(path -> fields.put("fd.name", path));
    if (load != null) {
      if (!load.hasGap("container")) {
        container(fields, load.container(), load.kubernetes());
      }
      kmod(fields, load);
    } else if (facts.event() != null) {
      container(fields, facts.event().container(), facts.event().kubernetes());
    }
    if (facts.count() > 1) {
      fields.put("kmod.count", facts.count());
      fields.put("kmod.last", Instant.ofEpochSecond(0, facts.lastNanos()).toString());
    }
    return fields;
  }

  private static void process(ObjectBuilder fields, ProcessDetails process) {
    fields.putName("proc.name", process.comm());
    fields.putId("proc.pid", process.hostPid());
    fields.putId("proc.vpid", process.pid());
    fields.put("proc.exepath", process.exe());
    if (!process.args().isEmpty()) {
      fields.put("proc.cmdline", String.join(" ", process.args()));
    }
    List<LoadRecord.Ancestor> ancestors = process.ancestors();
    if (!ancestors.isEmpty()) {
      fields.put("proc.ppid", ancestors.getFirst().pid());
      fields.putName("proc.pname", ancestors.getFirst().comm());
      fields.put("proc.pexepath", ancestors.getFirst().exe());
    }
    if (ancestors.size() > 1) {
      fields.put("proc.aname[2]", ancestors.get(1).comm());
    }
    fields.put("user.uid", process.knownUid());
    fields.put("user.loginuid", process.loginUid());
    if (!process.capabilities().isEmpty()) {
      fields.put("thread.cap_effective", String.join(" ", process.capabilities()));
    }
  }

  private static void container(
      ObjectBuilder fields, ContainerContext container, KubernetesContext pod) {
    // Falco's own word for no container.
    fields.put("container.id", container.id() == null ? "host" : container.id());
    fields.put("container.name", container.name());
    fields.put("container.image.repository", container.image());
    fields.put("container.image.digest", container.imageDigest());
    fields.put("k8s.ns.name", pod.podNamespace());
    fields.put("k8s.pod.name", pod.podName());
    fields.put("k8s.pod.uid", pod.podUid());
  }

  private static void kmod(ObjectBuilder fields, LoadRecord load) {
    fields.put("kmod.id", load.id());
    fields.put("kmod.name", load.module().name());
    fields.put("kmod.action", Facts.word(load.action()));
    fields.put("kmod.outcome", Facts.word(load.outcome()));
    fields.put("kmod.reason", load.reason());
    LoadRecord.Image image = load.image();
    if (image != null) {
      fields.put("kmod.sha256", image.sha256());
      fields.put("kmod.size", image.sizeBytes());
      if (image.signature() != null) {
        fields.put("kmod.signature", image.signature().status().word());
        fields.put("kmod.signer", image.signature().signer());
      }
    }
    if (load.file() != null) {
      fields.put("kmod.place", Facts.word(load.file().place()));
    }
    fields.put("kmod.memory_only", load.route().memoryOnly());
    fields.put("kmod.autoload", load.route().autoload());
    LoadRecord.Requester requester = load.requester();
    if (requester != null) {
      fields.put("kmod.alias", requester.alias());
      fields.put("kmod.requester.name", requester.process().comm());
      fields.put("kmod.requester.pid", requester.process().hostPid());
      fields.put("kmod.requester.uid", requester.process().knownUid());
    }
    if (!load.findings().isEmpty()) {
      fields.put("kmod.findings", String.join(",", load.findings()));
    }
    if (load.policy() != null) {
      fields.put("kmod.policy.rule", load.policy().rule());
    }
  }
}
