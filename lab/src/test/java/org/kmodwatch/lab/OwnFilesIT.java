package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.kmodwatch.lab.KernelModules.Module;
import tools.jackson.databind.JsonNode;

/**
 * Loads modules with dependencies, for which modprobe opens all files at once. Each record must
 * name its module's own file, or have no file and a gap. Each is loaded by hand, and then by a
 * request of the kernel. {@code ./verify} loads some of them; {@code tools/own-files.sh} loads all.
 */
final class OwnFilesIT {

  /** Names a kernel with compressed modules that libkmod decompresses itself. */
  private static final String KERNEL = "6.12";

  private static final String COUNT = System.getProperty("kmodwatch.modules", "12");
  private static final boolean ALL = COUNT.equals("all");

  /** Limits the name in a request of the kernel: MODULE_NAME_LEN without the end. */
  private static final int LONGEST_REQUEST = 55;

  private static final Duration GUEST_LIMIT =
      Duration.ofSeconds(300 + 5 * (ALL ? 1000L : Integer.parseInt(COUNT)));

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static Map<String, Module> modules;

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static List<JsonNode> loads;

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static List<String> log;

  @BeforeAll
  static void boot() throws Exception {
    AddedFile requester = Lab.testModule(KERNEL, "kw_request");
    modules = KernelModules.of(Lab.kernels().named(KERNEL));
    Path folder = Files.createTempDirectory("own-files");
    Path list = folder.resolve("modules");
    try {
      List<Module> tried = tried();
      Map<String, Integer> users = users();
      Files.writeString(
          list,
          tried.stream()
              .map(module -> module.name() + " " + request(module, users) + "\n")
              .collect(Collectors.joining()));
      LabResult result =
          Boots.run(
              LabRun.of(KERNEL, Resources.text("own-files.sh"))
                  .withFile(requester)
                  .withFile(AddedFile.of(list))
                  .withTimeout(GUEST_LIMIT));
      assertThat(result.exitStatus()).isZero();
      log = Files.readAllLines(result.guestLog());
      loads =
          JsonLines.of(result.loads()).stream()
              .filter(load -> load.at("/action").asString().equals("load"))
              .filter(load -> load.at("/route/syscall").isString())
              .filter(load -> modules.containsKey(load.at("/module/name").asString("")))
              .toList();
      long own = loads.stream().filter(OwnFilesIT::ownFile).count();
      long none = loads.stream().filter(load -> !load.has("file")).count();
      Figures.write(
          "own-files",
          KERNEL,
          "%d modules tried, %d loaded by hand, %d by autoload"
              .formatted(tried.size(), told("hand ").size(), told("autoload ").size()),
          "%d records: %d with the module's own file, %d with none, %d with another's"
              .formatted(loads.size(), own, none, loads.size() - own - none));
    } finally {
      Files.deleteIfExists(list);
      Files.delete(folder);
    }
  }

  /**
   * Returns a sample at a fixed interval of the modules with dependencies, so that all kinds occur.
   */
  private static List<Module> tried() {
    List<Module> all =
        modules.values().stream().filter(module -> !module.depends().isEmpty()).toList();
    int step = ALL ? 1 : all.size() / Integer.parseInt(COUNT);
    var some = new ArrayList<Module>();
    for (int i = 0; i < all.size(); i += step) {
      some.add(all.get(i));
    }
    return some;
  }

  /** Returns how many modules have each alias. */
  private static Map<String, Integer> users() {
    var users = new HashMap<String, Integer>();
    for (Module module : modules.values()) {
      Set.copyOf(module.aliases()).forEach(alias -> users.merge(alias, 1, Integer::sum));
    }
    return users;
  }

  /** Returns an alias without wildcards that no other module has; otherwise the module's name. */
  private static String request(Module module, Map<String, Integer> users) {
    return module.aliases().stream()
        .filter(alias -> alias.matches("[\\w.,:-]+") && alias.length() <= LONGEST_REQUEST)
        .filter(alias -> Objects.equals(users.get(alias), 1))
        .findFirst()
        .orElse(module.name());
  }

  @Test
  void file_isTheModulesOwn_orNone_withAGap() {
    var wrong = new ArrayList<String>();
    for (JsonNode load : loads) {
      if (load.has("file") ? !ownFile(load) : !hasGap(load, "file")) {
        wrong.add(
            "%s: %s, %s"
                .formatted(
                    load.at("/module/name").asString(), load.path("file"), load.path("gaps")));
      }
    }
    assertThat(wrong)
        .as("records with a file that is not the module's, of %d", loads.size())
        .isEmpty();
  }

  @Test
  void image_isTheModules() throws IOException {
    var sums = new HashMap<String, String>();
    for (JsonNode load : loads) {
      String name = load.at("/module/name").asString();
      String sum = load.at("/image/sha256").asString("");
      if (sum.isEmpty()) {
        assertThat(hasGap(load, "image")).as("%s", load).isTrue();
      } else {
        String own = sums.get(name);
        if (own == null) {
          own = module(name).sha256();
          sums.put(name, own);
        }
        assertThat(sum).as("%s", load).isEqualTo(own);
      }
    }
  }

  @Test
  void everyModuleThatWasLoaded_hasItsRecord_byHandAndByAutoload() {
    assertThat(named(false)).containsAll(told("hand "));
    assertThat(named(true)).containsAll(told("autoload "));
    // With fewer modules the other checks prove nothing.
    int least = ALL ? 200 : Integer.parseInt(COUNT) / 4;
    assertThat(told("hand ")).hasSizeGreaterThanOrEqualTo(least);
    assertThat(told("autoload ")).hasSizeGreaterThanOrEqualTo(least);
    // A sensor that never names a file would pass the other checks, and be useless.
    assertThat(loads.stream().filter(OwnFilesIT::ownFile).count())
        .as("records with the module's own file, of %d", loads.size())
        .isGreaterThan(loads.size() / 2);
  }

  private static boolean ownFile(JsonNode load) {
    return load.at("/file/path")
        .asString("")
        .equals(module(load.at("/module/name").asString()).file());
  }

  private static Module module(String name) {
    return Objects.requireNonNull(modules.get(name), name);
  }

  private static boolean hasGap(JsonNode load, String field) {
    return load.path("gaps")
        .valueStream()
        .anyMatch(gap -> gap.at("/field").asString().equals(field));
  }

  /**
   * Returns the modules with a record of a load, which either the kernel or another process
   * requested.
   */
  private static Set<String> named(boolean autoload) {
    return loads.stream()
        .filter(load -> load.at("/outcome").asString().equals("loaded"))
        .filter(load -> load.at("/route/autoload").asBoolean(false) == autoload)
        .map(load -> load.at("/module/name").asString())
        .collect(Collectors.toSet());
  }

  private static Set<String> told(String what) {
    var names = new HashSet<String>();
    for (String line : log) {
      if (line.startsWith(what)) {
        names.add(line.substring(what.length()));
      }
    }
    return names;
  }
}
