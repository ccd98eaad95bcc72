package org.kmodwatch.agent.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** YAML as it was written, before it is checked. */
public sealed interface Tree {

  /** Returns the beginning of the value. */
  Mark mark();

  /**
   * A single value.
   *
   * @param mark its beginning
   * @param text the written text, without quotes
   * @param kind its kind by YAML's core schema
   */
  record Scalar(Mark mark, String text, Kind kind) implements Tree {

    /** The kind of a value. */
    public enum Kind {
      /** Words, or any text in quotes. */
      TEXT,
      /** A whole number. */
      WHOLE,
      /** A number with a fraction. */
      FRACTION,
      /** {@code true} or {@code false}. */
      FLAG,
      /** No value. */
      NOTHING
    }
  }

  /**
   * A list.
   *
   * @param mark its beginning
   * @param items the items in order
   */
  record Items(Mark mark, List<Tree> items) implements Tree {
    /** Copies the list. */
    public Items {
      items = List.copyOf(items);
    }
  }

  /**
   * Keys with values.
   *
   * @param mark its beginning
   * @param entries the entries in order
   */
  record Table(Mark mark, Map<String, Entry> entries) implements Tree {
    /** Copies the map. */
    public Table {
      entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    /** Returns this table with {@code key} set to {@code entry}. */
    public Table with(String key, Entry entry) {
      var changed = new LinkedHashMap<>(entries);
      changed.put(key, entry);
      return new Table(mark, changed);
    }
  }

  /**
   * The entry of one key.
   *
   * @param mark the position of the key
   * @param value its value
   */
  record Entry(Mark mark, Tree value) {}

  /** Returns the value's name in a message. */
  default String shown() {
    return switch (this) {
      case Scalar(var mark, var text, var kind) ->
          kind == Scalar.Kind.NOTHING ? "nothing" : Problems.shown(text);
      case Items items -> "a list";
      case Table table -> "keys with values";
    };
  }
}
