package org.kmodwatch.agent.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** YAML as it was written, before anybody asked whether it makes sense. */
public sealed interface Tree {

  /** Where it begins. */
  Mark mark();

  /**
   * A single value.
   *
   * @param mark where it begins
   * @param text what is written there, without quotes
   * @param kind what it is by YAML's core schema
   */
  record Scalar(Mark mark, String text, Kind kind) implements Tree {

    /** Kinds of values. */
    public enum Kind {
      /** Words, or anything in quotes. */
      TEXT,
      /** A whole number. */
      WHOLE,
      /** A number with a fraction. */
      FRACTION,
      /** {@code true} or {@code false}. */
      FLAG,
      /** Nothing. */
      NOTHING
    }
  }

  /**
   * A list.
   *
   * @param mark where it begins
   * @param items in order
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
   * @param mark where it begins
   * @param entries in order
   */
  record Table(Mark mark, Map<String, Entry> entries) implements Tree {
    /** Copies the map. */
    public Table {
      entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    /** The same with {@code key} set to {@code entry}. */
    public Table with(String key, Entry entry) {
      var changed = new LinkedHashMap<>(entries);
      changed.put(key, entry);
      return new Table(mark, changed);
    }
  }

  /**
   * One key's.
   *
   * @param mark where the key is
   * @param value its value
   */
  record Entry(Mark mark, Tree value) {}

  /** What it is called in a message. */
  default String shown() {
    return switch (this) {
      case Scalar(var mark, var text, var kind) ->
          kind == Scalar.Kind.NOTHING ? "nothing" : Problems.shown(text);
      case Items items -> "a list";
      case Table table -> "keys with values";
    };
  }
}
