import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;

/**
 * Draws the packages of the modules and their uses into docs/architecture.md, as a Mermaid diagram
 * between two marks.
 *
 * <p>An arrow that a way over other packages makes superfluous is left out. So the diagram has few
 * arrows, and each package uses only packages that its arrows lead to.
 *
 * <p>Usage: java DrawPackages.java PAGE JAR...
 */
final class DrawPackages {

  private static final String BEGIN = "<!-- packages: drawn by tools/pictures.sh -->";
  private static final String END = "<!-- end of packages -->";
  private static final String ROOT = "org.kmodwatch.";

  /** Matches a line of jdeps: a package, and the package that it uses. */
  private static final Pattern USE =
      Pattern.compile("^\\s+(org\\.kmodwatch\\.[\\w.]+)\\s+->\\s+(org\\.kmodwatch\\.[\\w.]+)\\s");

  private DrawPackages() {}

  public static void main(String[] arguments) throws IOException {
    Path page = Path.of(arguments[0]);
    List<String> jars = List.of(arguments).subList(1, arguments.length);
    String text = Files.readString(page);
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    if (begin < 0 || end < begin) {
      System.err.println(page + ": the marks of the picture are missing: " + BEGIN + " " + END);
      System.exit(1);
    }
    Files.writeString(
        page, text.substring(0, begin + BEGIN.length()) + diagram(uses(jars)) + text.substring(end));
  }

  /** Returns for each package the packages that it uses, without those of its own name. */
  private static Map<String, Set<String>> uses(List<String> jars) {
    var out = new StringWriter();
    var options = new ArrayList<>(List.of("-verbose:package", "--multi-release", "base"));
    options.addAll(List.of("-cp", String.join(":", jars), "--ignore-missing-deps"));
    options.addAll(jars);
    int status =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(
                new PrintWriter(out, true),
                new PrintWriter(System.err, true),
                options.toArray(String[]::new));
    if (status != 0) {
      System.exit(status);
    }
    var uses = new TreeMap<String, Set<String>>();
    for (String line : out.toString().split("\n")) {
      Matcher use = USE.matcher(line + " ");
      if (use.find()) {
        String user = use.group(1).substring(ROOT.length());
        String used = use.group(2).substring(ROOT.length());
        uses.computeIfAbsent(user, name -> new TreeSet<>());
        uses.computeIfAbsent(used, name -> new TreeSet<>());
        if (!user.equals(used)) {
          uses.get(user).add(used);
        }
      }
    }
    return uses;
  }

  private static String diagram(Map<String, Set<String>> uses) {
    var text = new StringBuilder("\n\n```mermaid\nflowchart TD\n");
    var modules = new TreeMap<String, Set<String>>(Collections.reverseOrder());
    uses.keySet()
        .forEach(name -> modules.computeIfAbsent(module(name), m -> new TreeSet<>()).add(name));
    modules.forEach(
        (module, names) -> {
          text.append("  subgraph ").append(module).append('\n');
          names.forEach(name -> text.append("    ").append(node(name)).append('\n'));
          text.append("  end\n");
        });
    uses.forEach(
        (user, all) ->
            all.stream()
                .filter(used -> !isReached(uses, user, used))
                .forEach(
                    used ->
                        text.append("  %s --> %s\n".formatted(id(user), id(used)))));
    return text.append("```\n\n").toString();
  }

  /** Returns whether {@code user} reaches {@code used} over a third package. */
  private static boolean isReached(Map<String, Set<String>> uses, String user, String used) {
    return uses.get(user).stream()
        .filter(via -> !via.equals(used))
        .anyMatch(via -> reaches(uses, via, used));
  }

  private static boolean reaches(Map<String, Set<String>> uses, String from, String to) {
    return from.equals(to)
        || uses.get(from).stream().anyMatch(next -> reaches(uses, next, to));
  }

  private static String module(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }

  /** Returns the node of a package. Its id differs from that of the module's frame. */
  private static String node(String name) {
    return "%s[\"%s\"]".formatted(id(name), name);
  }

  private static String id(String name) {
    return "p_" + name.replace('.', '_');
  }
}
