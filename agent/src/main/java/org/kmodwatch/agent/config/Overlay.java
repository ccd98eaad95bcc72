package org.kmodwatch.agent.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sets single keys of a configuration from the command line: {@code sinks.siem.url=https://…}. */
public final class Overlay {

  private Overlay() {}

  /**
   * Returns the tree with keys set.
   *
   * @param option the name of the option in messages
   * @param assignments each a key with dots, an equals sign, and YAML
   * @param problems receives the wrong assignments
   */
  public static Tree apply(Tree tree, String option, List<String> assignments, Problems problems) {
    Tree result = tree;
    for (String assignment : assignments) {
      int equals = assignment.indexOf('=');
      Mark mark = Mark.ofOption(option + " " + assignment);
      if (equals <= 0 || assignment.startsWith(".") || assignment.charAt(equals - 1) == '.') {
        problems.add(mark, "", "expected KEY=VALUE, such as sinks.siem.type=webhook");
        continue;
      }
      var path = List.of(assignment.substring(0, equals).split("\\.", -1));
      Tree value =
          Yaml.parse(assignment.substring(equals + 1), mark.source(), problems)
              .map(parsed -> at(mark, parsed))
              .orElse(null);
      if (value != null) {
        result = with(result, path, value, mark);
      }
    }
    return result;
  }

  private static Tree with(Tree tree, List<String> path, Tree value, Mark mark) {
    if (path.isEmpty()) {
      return value;
    }
    Tree.Table table =
        tree instanceof Tree.Table there ? there : new Tree.Table(mark, new LinkedHashMap<>());
    String key = path.getFirst();
    Tree.Entry entry = table.entries().get(key);
    Tree inner = entry == null ? new Tree.Table(mark, Map.of()) : entry.value();
    return table.with(
        key, new Tree.Entry(mark, with(inner, path.subList(1, path.size()), value, mark)));
  }

  /** Replaces all positions by the option: its line and column would not help anybody. */
  private static Tree at(Mark mark, Tree tree) {
    return switch (tree) {
      case Tree.Scalar(var old, var text, var kind) -> new Tree.Scalar(mark, text, kind);
      case Tree.Items(var old, var items) ->
          new Tree.Items(mark, items.stream().map(item -> at(mark, item)).toList());
      case Tree.Table(var old, var entries) -> {
        var moved = new LinkedHashMap<String, Tree.Entry>();
        entries.forEach(
            (key, entry) -> moved.put(key, new Tree.Entry(mark, at(mark, entry.value()))));
        yield new Tree.Table(mark, moved);
      }
    };
  }
}
