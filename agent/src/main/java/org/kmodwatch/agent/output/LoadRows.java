package org.kmodwatch.agent.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.SignatureMetadata;

/** Creates one row for each load, and for each request that led to no load. */
final class LoadRows {

  /** The signature on every load from a file or from memory. Its title adds nothing to the row. */
  private static final String LOADING = "TRC-1017";

  /** High severity on Tracee's scale, which goes from 0 to 3. */
  private static final long HIGH = 3;

  private static final int SHORT_ID = 12;

  private final UserNames users;
  private final Map<String, SignatureMetadata> signatures;

  /**
   * Creates the rows.
   *
   * @param signatures the signatures that are known so far, by id
   */
  LoadRows(UserNames users, Map<String, SignatureMetadata> signatures) {
    this.users = users;
    this.signatures = signatures;
  }

  Row of(LoadRecord load) {
    List<String> route = route(load);
    String outcome =
        outcome(load)
            + (route.isEmpty() ? "" : " [" + String.join(", ", route) + "]")
            + (load.findings().isEmpty() ? "" : "  " + String.join(" ", load.findings()));
    return new Row(
        load.timeNanos(),
        load.action().name().toLowerCase(Locale.ROOT),
        who(load),
        module(load),
        outcome,
        tone(load),
        String.join("; ", more(load)),
        moreTone(load));
  }

  /** Returns the tone of a finding. */
  static Row.Tone toneOf(SignatureMetadata signature) {
    return signature.severity() >= HIGH ? Row.Tone.ALARM : Row.Tone.FINDING;
  }

  /** Returns the reason, followed by its errno if the reason does not contain it. */
  static String worded(String reason, String errno) {
    return reason.contains(errno) ? reason : "%s (%s)".formatted(reason, errno);
  }

  private String who(LoadRecord load) {
    LoadRecord.ProcessDetails loader = load.loader();
    LoadRecord.Requester requester = load.requester();
    if (requester != null && load.isRequest()) {
      return process(requester.process());
    }
    if (requester != null) {
      return process(requester.process()) + " via " + (loader == null ? "?" : loader.comm());
    }
    return loader == null ? "-" : process(loader);
  }

  private String process(LoadRecord.ProcessDetails process) {
    Long uid = process.knownUid();
    return "%s[%s] %s"
        .formatted(
            process.comm().isEmpty() ? "?" : process.comm(),
            process.hostPid() == 0 ? "?" : process.hostPid(),
            uid == null ? "uid ?" : users.nameOf(uid));
  }

  /**
   * Returns the module's name. Adds its file if the file is outside the usual places of modules.
   */
  private static String module(LoadRecord load) {
    if (load.isRequest()) {
      return Objects.requireNonNullElse(load.nameOrAlias(), "-");
    }
    String name = load.module().name();
    LoadRecord.ModuleFile file = load.file();
    if (file != null) {
      boolean ordinary =
          switch (file.place()) {
            case DISTRIBUTION, UPDATES, MEMFD -> true;
            case TEMPORARY, HOME, OTHER, UNKNOWN -> false;
          };
      if (name == null) {
        return file.path();
      }
      return ordinary ? name : "%s (%s)".formatted(name, file.path());
    }
    Long size = load.module().sizeBytes();
    if (name == null) {
      return size == null ? "-" : "(%d bytes)".formatted(size);
    }
    return name;
  }

  /** Returns the unusual facts about how the module was loaded. */
  private static List<String> route(LoadRecord load) {
    var route = new ArrayList<String>();
    LoadRecord.ModuleFile file = load.file();
    if (file != null && file.place() == LoadRecord.Place.MEMFD) {
      route.add("memfd");
    } else if (file != null && file.deleted()) {
      route.add("deleted file");
    }
    if (load.route().memoryOnly()) {
      route.add("memory");
    }
    if ("compat".equals(load.route().abi())) {
      route.add("compat");
    }
    if (isForced(load)) {
      route.add("forced");
    }
    LoadRecord.Requester requester = load.requester();
    if (load.isRequest()) {
      return route;
    }
    if (requester != null && requester.alias() != null) {
      route.add("autoload " + requester.alias());
    } else if (load.route().autoload()) {
      route.add("autoload");
    }
    return route;
  }

  private static boolean isForced(LoadRecord load) {
    return load.module().taints().contains("FORCED")
        || load.route().flags().stream()
            .anyMatch(f -> f.contains("IGNORE") || f.contains("FORCE") || f.contains("TRUNC"));
  }

  private static String outcome(LoadRecord load) {
    return switch (load.outcome()) {
      case LOADED -> "loaded" + withoutReturn(load);
      case UNLOADED -> "unloaded";
      case REFUSED -> "refused" + reason(load);
      case FAILED -> "failed" + reason(load);
      case UNKNOWN -> "unknown";
    };
  }

  private static String withoutReturn(LoadRecord load) {
    if (load.returnValue() != null) {
      return "";
    }
    return load.route().syscall() == null
        ? ", no system call was seen"
        : ", the call has not returned";
  }

  private static String reason(LoadRecord load) {
    Long returned = load.returnValue();
    String reason = load.reason();
    String errno = load.errno();
    if (reason == null && returned != null) {
      reason =
          Errno.ofReturnValue(returned)
              .map(Errno::text)
              .orElse(returned < 0 ? "errno " + Math.negateExact(returned) : "for no known reason");
    }
    if (reason == null) {
      return ", the call has not returned";
    }
    return ": " + (errno == null ? reason : worded(reason, errno));
  }

  private static Row.Tone tone(LoadRecord load) {
    return switch (load.outcome()) {
      case LOADED, UNLOADED -> Row.Tone.DONE;
      case REFUSED -> Row.Tone.REFUSED;
      // Most of these requests are for modules that do not exist, and that is no fault.
      case FAILED, UNKNOWN -> load.isRequest() ? Row.Tone.PLAIN : Row.Tone.FAILED;
    };
  }

  private List<String> more(LoadRecord load) {
    var more = new ArrayList<String>();
    for (String id : load.findings()) {
      SignatureMetadata signature = signatures.get(id);
      if (!id.equals(LOADING) && signature != null) {
        more.add(id + " " + signature.name());
      }
    }
    if (load.codeMayHaveRun()) {
      more.add("code of the module may have run");
    }
    LoadRecord.Requester requester = load.requester();
    if (requester != null && requester.modprobePath() != null) {
      more.add("the kernel starts " + requester.modprobePath() + ", which is new");
    }
    String container = container(load);
    if (!container.isEmpty()) {
      more.add(container);
    }
    if (load.waitedOn() != null) {
      more.add("was given the result of another call for the same file");
    }
    if (load.retryOf() != null) {
      more.add("second try of the call before it");
    }
    if (load.repeats() > 1) {
      more.add(
          String.format(
              Locale.ROOT,
              "stands for %,d %s",
              load.repeats(),
              load.isRequest() ? "requests" : "attempts"));
    }
    for (LoadRecord.Gap gap : load.gaps()) {
      // A gap in a part of a field is a detail, which only the record shows.
      if (gap.field().equals("id")) {
        more.add(gap.why());
      } else if (gap.field().indexOf('.') < 0) {
        more.add("%s not known: %s".formatted(gap.field(), gap.why()));
      }
    }
    return more;
  }

  private static String container(LoadRecord load) {
    ContainerContext container = load.container();
    String id = container.id();
    if (id == null || id.isEmpty()) {
      return "";
    }
    String name = container.name();
    boolean named = name != null && !name.isEmpty();
    String text =
        "in container " + (named ? name : id.substring(0, Math.min(SHORT_ID, id.length())));
    String pod = load.kubernetes().podName();
    return pod == null || pod.isEmpty()
        ? text
        : "%s of pod %s/%s"
            .formatted(
                text, Objects.requireNonNullElse(load.kubernetes().podNamespace(), "?"), pod);
  }

  private Row.Tone moreTone(LoadRecord load) {
    Row.Tone tone = load.codeMayHaveRun() ? Row.Tone.FINDING : Row.Tone.PLAIN;
    for (String id : load.findings()) {
      SignatureMetadata signature = signatures.get(id);
      if (!id.equals(LOADING) && signature != null) {
        Row.Tone its = toneOf(signature);
        tone = its == Row.Tone.ALARM || tone == Row.Tone.PLAIN ? its : tone;
      }
    }
    return tone;
  }
}
