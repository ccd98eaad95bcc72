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
 * The two places in which the kernel shows its modules. A place can be unreadable, for example in a
 * container. That is not the same as a module that is absent from it.
 */
final class ModuleList {

  /** The names of the two places in messages. */
  static final String PROC_MODULES = "/proc/modules";

  static final String SYS_MODULE = "/sys/module";

  /** The largest number of modules that is read. No kernel has as many. */
  static final int MAX_MODULES = 16_384;

  private static final int MAX_BYTES = 8 << 20;
  private static final int MAX_ATTRIBUTE_BYTES = 4096;

  /**
   * The form {@code name size references users state address (taints)}. A hostile name may contain
   * spaces, so the name is everything before the rest.
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
   * @param loading whether its load is not complete: its parameters are being set or its init runs
   * @param sizeBytes the memory that it takes, if known
   */
  record Entry(String name, boolean loading, Optional<Long> sizeBytes) {}

  /**
   * Returns every module that either place shows. Parts of the kernel are in /sys/module too, but
   * have no state there.
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

  /** Reads the file {@code attribute} of a module. */
  Optional<String> attribute(String name, String attribute) {
    return folder(name)
        .flatMap(folder -> SmallFiles.read(folder.resolve(attribute), MAX_ATTRIBUTE_BYTES));
  }

  /** Returns the modules that use a module; empty if no module uses it or that is not known. */
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
    // The kernel makes the same replacement to get a valid folder name.
    return SmallFiles.entry(sysModule(), name.replace('/', '!'));
  }

  private List<String> sysModules() {
    return names(sysModule());
  }

  /** Returns the names in a folder, in order; empty if it cannot be read. */
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
      // /proc/modules has the rest of the modules.
    }
    names.sort(null);
    return names;
  }
}
