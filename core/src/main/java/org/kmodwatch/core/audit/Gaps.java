package org.kmodwatch.core.audit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.SourceContext;

/**
 * A list of the facts that an audit log lacks about one call, by the keys of the load record
 * (docs/reference/sources.md).
 */
final class Gaps {

  private final List<SourceContext.Missing> all = new ArrayList<>();

  Gaps() {}

  List<SourceContext.Missing> all() {
    return all;
  }

  void add(String field, String why) {
    all.add(new SourceContext.Missing(field, why));
  }

  void ofLoad(
      AuditEvent event,
      String name,
      boolean taken,
      @Nullable String path,
      CommandLine commandLine) {
    boolean fromFile = name.equals(EventNames.FINIT_MODULE);
    add("route.params", "an audit log has their address only");
    if (!fromFile) {
      add(
          "route.memoryOnly",
          "an audit log does not say whether the caller had a module file open");
    }
    add(
        "module",
        fromFile
            ? "an audit log has no more of it than its name"
            : "an audit log has no more of it than its name and size");
    if (event.moduleName() == null) {
      add("module.name", withoutName(event, fromFile, taken));
    }
    add("image", "an audit log has nothing of the module's bytes");
    if (fromFile) {
      file(path, commandLine);
    }
    Long exit = event.call().exit();
    if (exit != null
        && exit < 0
        && taken
        && !CallProgress.codeMayHaveRun(exit, event.moduleName())) {
      add("codeMayHaveRun", "an audit log does not say how far the attempt came");
    }
  }

  private static String withoutName(AuditEvent event, boolean fromFile, boolean taken) {
    if (event.moduleSeen()) {
      return "the kernel gave up before it knew it";
    }
    Long exit = event.call().exit();
    if (exit != null && exit >= 0) {
      return fromFile
          ? "there is no KERN_MODULE record: it was given the result of another call for the same"
              + " file, or the record was not kept"
          : "there is no KERN_MODULE record";
    }
    return taken
        ? "there is no KERN_MODULE record, which older kernels write only once they have laid the"
            + " module out"
        : "the kernel did not come so far as to know it";
  }

  private void file(@Nullable String path, CommandLine commandLine) {
    String argument = commandLine.moduleArgument();
    if (path != null) {
      add(
          "file",
          "path and place are by the loader's command line; an audit log does not say which file"
              + " was open");
    } else if (argument == null) {
      add(
          "file",
          "an audit log does not say which file was open, and the command line does not either");
    } else if (commandLine.modulePath() == null) {
      add(
          "file",
          "the command line has \"%s\", and the log has no working directory"
              .formatted(AuditException.shown(argument)));
    } else {
      add("file", "the command line may be cut where it names it");
    }
  }

  void ofProcess(AuditEvent event, CommandLine commandLine) {
    add(
        "loader",
        "an audit log has no thread id, ids of a namespace, start time, capabilities, namespaces,"
            + " cgroup, nor ancestors past the parent");
    AuditRecord.Title title = event.title();
    if (title == null) {
      add("loader.args", "there is no PROCTITLE record");
    } else if (title.arguments().isEmpty()) {
      add("loader.args", "the kernel could not read them");
    } else if (title.cut()) {
      add("loader.args", "longer than what an audit log keeps");
    }
    String alias = commandLine.alias();
    Integer parent = event.call().parentId();
    if (alias != null && event.parentExecutable() == null && (parent == null || parent != 2)) {
      add(
          "route.autoload",
          "the command line is the kernel's own for %s, but an audit log does not say whether the"
                  .formatted(AuditException.shown(alias))
              + " parent%s is a thread of the kernel"
                  .formatted(parent == null ? "" : ", " + parent + ","));
    }
    if (event.container().id() == null) {
      add("container", "an audit log does not say");
    }
  }
}
