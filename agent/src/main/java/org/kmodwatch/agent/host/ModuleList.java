package org.kmodwatch.agent.host;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The two places in which the kernel shows its modules. Each can be unreadable, in a container for
 * example, which is not the same as that a module is absent from it.
 */
final class ModuleList {

  /** How a message calls the two places. */
  static final String PROC_MODULES = "/proc/modules";

  static final String SYS_MODULE = "/sys/module";

  /** No kernel has as many; past it the rest is left alone. */
  static final int MAX_MODULES = 16_384;

  private static final int MAX_BYTES = 8 << 20;
  private static final int MAX_ATTRIBUTE_BYTES = 4096;

  /**
   * {@code name size references users state address (taints)}. A hostile name may have spaces in
   * it, so it is whatever is in front of the rest.
   */
  private static final Pattern LINE =
      Pattern.compile(
          "(.+) (\\d{1,18}) (?:-|\\d{1,18}) (?:\\S+) (Live|Loading|Unloading) 0x[0-9a-fA-F]+"
              + "(?: \\(([^() ]*)\\))?");

  private final Path root;

  ModuleList(Path root) {
    this.root = root;
  }

  /**
   * One module.
   *
   * @param loading whether it is not in place yet: its parameters are being set or its init runs
   * @param sizeBytes memory that it takes, if known
   */
  record Entry(String name, boolean loading, Optional<Long> sizeBytes) {}

  /**
   * Every module that either place shows; those that are part of the kernel are in /sys/module too,
   * but have no state there.
   */
  List<Entry> all() {
    Map<String, Entry> found = new LinkedHashMap<>();
    Optional<String> lines = procModules();
    lines.stream()
        .flatMap(String::lines)
        .limit(MAX_MODULES)
        .forEach(
            line -> {
              Matcher matcher = LINE.matcher(line);
              if (matcher.matches()) {
                String name = matcher.group(1);
                boolean loading = matcher.group(3).equals("Loading");
                Optional<Long> size = Optional.of(Long.valueOf(matcher.group(2)));
                found.putIfAbsent(name, new Entry(name, loading, size));
              }
            });
    for (String name : sysModules()) {
      if (found.size() < MAX_MODULES && !found.containsKey(name)) {
        attribute(name, "initstate")
            .ifPresent(
                state ->
                    found.put(name, new Entry(name, state.equals("coming"), Optional.empty())));
      }
    }
    return List.copyOf(found.values());
  }

  /** What the file {@code attribute} of a module says. */
  Optional<String> attribute(String name, String attribute) {
    return folder(name)
        .flatMap(folder -> SmallFiles.read(folder.resolve(attribute), MAX_ATTRIBUTE_BYTES));
  }

  /** The modules that use a module; empty if there are none or nobody says. */
  List<String> users(String name) {
    return folder(name).map(folder -> names(folder.resolve("holders"))).orElse(List.of());
  }

  private Optional<String> procModules() {
    return SmallFiles.readWhole(root.resolve("proc/modules"), MAX_BYTES);
  }

  private Path sysModule() {
    return root.resolve("sys/module");
  }

  private Optional<Path> folder(String name) {
    // The kernel does the same to have a name that a folder can have.
    return SmallFiles.entry(sysModule(), name.replace('/', '!'));
  }

  private List<String> sysModules() {
    return names(sysModule());
  }

  /** What is in a folder, in order; nothing if it cannot be read. */
  private static List<String> names(Path folder) {
    var names = new ArrayList<String>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (names.size() == MAX_MODULES) {
          break;
        }
        names.add(String.valueOf(entry.getFileName()));
      }
    } catch (IOException | DirectoryIteratorException unreadable) {
      // Of modules, /proc/modules tells the rest.
    }
    names.sort(null);
    return names;
  }
}
