package org.kmodwatch.agent.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads YAML 1.2 into trees that have the position of every value. */
public final class Yaml {

  /** The largest text in bytes: far more than a person writes by hand, or a learned policy has. */
  private static final int MOST_BYTES = 1 << 20;

  private static final int MOST_DEPTH = 32;

  /**
   * The largest number of values, with the targets of aliases. A few letters can stand for any
   * number.
   */
  private static final int MOST_VALUES = 100_000;

  private static final String TOO_MANY =
      "too many values, each alias counted as what it stands for: limit=" + MOST_VALUES;

  private static final String TOO_DEEP = "nested too deeply: limit=" + MOST_DEPTH;

  private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+");

  private final String source;
  private final Problems problems;
  private int values;

  /**
   * The end of the part that was read so far; null if it was read to the end, or that is not known.
   */
  private @Nullable Mark reached;

  private Yaml(String source, Problems problems) {
    this.source = source;
    this.problems = problems;
  }

  /**
   * Reads a file.
   *
   * @param problems receives its errors
   * @return the tree; empty if the file is not YAML or cannot be read; an empty table for an empty
   *     file
   */
  public static Optional<Tree> read(Path file, Problems problems) {
    Mark mark = Mark.ofOption(file.toString());
    try {
      if (!isReadable(file)) {
        problems.add(mark, "", "not a regular file, give the name of one");
        return Optional.empty();
      }
      byte[] bytes;
      try (InputStream in = Files.newInputStream(file)) {
        bytes = in.readNBytes(MOST_BYTES + 1);
      }
      if (bytes.length > MOST_BYTES) {
        problems.add(mark, "", "too large: limit=" + MOST_BYTES);
        return Optional.empty();
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return parse(text, file.toString(), problems);
    } catch (NoSuchFileException e) {
      problems.add(mark, "", "there is no such file; kmodwatch config init FILE writes one");
    } catch (AccessDeniedException e) {
      problems.add(mark, "", "no permission to read it");
    } catch (CharacterCodingException e) {
      problems.add(mark, "", "not UTF-8");
    } catch (IOException e) {
      problems.add(mark, "", "cannot be read: " + e.getMessage());
    }
    return Optional.empty();
  }

  /**
   * Returns whether the file has an end, and its open does not wait. Also returns true if it does
   * not exist.
   */
  private static boolean isReadable(Path file) throws IOException {
    if (Files.isRegularFile(file) || Files.notExists(file)) {
      return true;
    }
    try {
      return file.toRealPath().equals(Path.of("/dev/null"));
    } catch (NoSuchFileException nameless) {
      // A pipe that a process has open, for example of "<(command)" or /dev/stdin.
      return true;
    }
  }

  /**
   * Reads a text.
   *
   * @param source its name in messages
   * @param problems receives its errors
   * @return the tree; empty if the text is not YAML; an empty table for an empty text
   */
  public static Optional<Tree> parse(String text, String source, Problems problems) {
    return new Yaml(source, problems).parse(text);
  }

  /** Returns a value as YAML's core schema reads {@code text} without quotes. */
  static Tree.Scalar scalar(Mark mark, String text) {
    Tree.Scalar.Kind kind =
        switch (text) {
          case "true", "false" -> Tree.Scalar.Kind.FLAG;
          case "", "~", "null" -> Tree.Scalar.Kind.NOTHING;
          default -> WHOLE.matcher(text).matches() ? Tree.Scalar.Kind.WHOLE : Tree.Scalar.Kind.TEXT;
        };
    return new Tree.Scalar(mark, text, kind);
  }

  private Optional<Tree> parse(String text) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(source)
            .setAllowDuplicateKeys(true)
            .setCodePointLimit(MOST_BYTES)
            // This class counts aliases itself, with their targets.
            .setMaxAliasesForCollections(MOST_VALUES)
            .build();
    try {
      if (!isSmall(text, settings)) {
        return Optional.empty();
      }
      Optional<Node> root = compose(text, settings);
      if (root.isEmpty()) {
        return Optional.of(new Tree.Table(new Mark(source, 1, 1), new LinkedHashMap<>()));
      }
      Tree tree = tree(root.get(), "", 0);
      if (values > MOST_VALUES) {
        problems.add(Mark.ofOption(source), "", TOO_MANY);
        return Optional.empty();
      }
      return Optional.of(tree);
    } catch (MarkedYamlEngineException e) {
      Mark mark = e.getProblemMark().map(this::mark).orElseGet(() -> Mark.ofOption(source));
      String context = e.getContext() == null ? "" : e.getContext() + ": ";
      problems.add(mark, "", "not YAML: " + context + e.getProblem());
    } catch (YamlEngineException e) {
      Mark mark = reached == null ? Mark.ofOption(source) : reached;
      problems.add(mark, "", "not YAML: " + firstLine(e));
    }
    return Optional.empty();
  }

  private Optional<Node> compose(String text, LoadSettings settings) {
    reached = null;
    return guarded(() -> new Compose(settings).composeString(text));
  }

  /**
   * Calls the library, and throws only its own exception. An incomplete escape or tag makes the
   * library throw another exception.
   */
  private static <T> T guarded(Supplier<T> library) {
    try {
      return library.get();
    } catch (YamlEngineException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new YamlEngineException(e);
    }
  }

  /**
   * Returns whether the text is within the limits. It is called first: composing is recursive for
   * lists in lists, and keeps every value.
   */
  private boolean isSmall(String text, LoadSettings settings) {
    int depth = 0;
    int nodes = 0;
    Iterator<Event> events = new Parse(settings).parseString(text).iterator();
    while (guarded(events::hasNext)) {
      Event event = guarded(events::next);
      reached = event.getEndMark().map(this::mark).orElse(null);
      if (event instanceof NodeEvent && ++nodes > MOST_VALUES) {
        problems.add(Mark.ofOption(source), "", TOO_MANY);
        return false;
      }
      switch (event) {
        case CollectionStartEvent start -> {
          depth++;
          // One more level is for the message that names the path.
          if (depth > MOST_DEPTH + 2) {
            problems.add(
                start.getStartMark().map(this::mark).orElseGet(() -> Mark.ofOption(source)),
                "",
                TOO_DEEP);
            return false;
          }
        }
        case CollectionEndEvent end -> depth--;
        default -> {}
      }
    }
    return true;
  }

  private Tree tree(Node node, String path, int depth) {
    Mark mark = node.getStartMark().map(this::mark).orElseGet(() -> Mark.ofOption(source));
    values++;
    if (values > MOST_VALUES) {
      return new Tree.Scalar(mark, "", Tree.Scalar.Kind.NOTHING);
    }
    if (depth > MOST_DEPTH || node.isRecursive()) {
      problems.add(mark, path, TOO_DEEP);
      return new Tree.Scalar(mark, "", Tree.Scalar.Kind.NOTHING);
    }
    return switch (node) {
      case ScalarNode scalar -> new Tree.Scalar(mark, scalar.getValue(), kind(scalar));
      case SequenceNode sequence -> {
        List<Tree> items = new ArrayList<>();
        for (Node item : sequence.getValue()) {
          items.add(tree(item, path, depth + 1));
        }
        yield new Tree.Items(mark, items);
      }
      case MappingNode mapping -> table(mapping, mark, path, depth);
      default -> {
        problems.add(mark, path, "not a value, a list or keys with values");
        yield new Tree.Scalar(mark, "", Tree.Scalar.Kind.NOTHING);
      }
    };
  }

  private Tree table(MappingNode mapping, Mark mark, String path, int depth) {
    var entries = new LinkedHashMap<String, Tree.Entry>();
    for (NodeTuple tuple : mapping.getValue()) {
      Mark keyMark = tuple.getKeyNode().getStartMark().map(this::mark).orElse(mark);
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problems.add(keyMark, path, "expected a word as a key");
        continue;
      }
      String name = key.getValue();
      String inner = path.isEmpty() ? name : path + "." + name;
      var entry = new Tree.Entry(keyMark, tree(tuple.getValueNode(), inner, depth + 1));
      Tree.Entry before = entries.putIfAbsent(name, entry);
      if (before != null) {
        problems.add(keyMark, inner, "is there twice, before at line " + before.mark().line());
      }
    }
    return new Tree.Table(mark, entries);
  }

  private static Tree.Scalar.Kind kind(ScalarNode scalar) {
    Tag tag = scalar.getTag();
    if (tag.equals(Tag.NULL)) {
      return Tree.Scalar.Kind.NOTHING;
    }
    if (tag.equals(Tag.BOOL)) {
      return Tree.Scalar.Kind.FLAG;
    }
    if (tag.equals(Tag.INT)) {
      return Tree.Scalar.Kind.WHOLE;
    }
    return tag.equals(Tag.FLOAT) ? Tree.Scalar.Kind.FRACTION : Tree.Scalar.Kind.TEXT;
  }

  private Mark mark(org.snakeyaml.engine.v2.exceptions.Mark mark) {
    return new Mark(source, mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static String firstLine(YamlEngineException e) {
    Throwable said = e.getCause() == null ? e : e.getCause();
    return String.valueOf(said.getMessage()).lines().findFirst().orElse("");
  }
}
