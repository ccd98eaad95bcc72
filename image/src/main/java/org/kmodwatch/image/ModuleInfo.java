package org.kmodwatch.image;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The entries of {@code .modinfo} (include/linux/moduleparam.h, {@code __MODULE_INFO}), in the
 * order of the file. A key may appear more than once.
 *
 * @param entries the entries; one without {@code =} has an empty value
 */
public record ModuleInfo(List<Entry> entries) {

  /** The information that a module without entries has. */
  static final ModuleInfo NONE = new ModuleInfo(List.of());

  /** Copies the list. */
  public ModuleInfo {
    entries = List.copyOf(entries);
  }

  /**
   * Holds an entry of {@code .modinfo}.
   *
   * @param key for example {@code license}
   * @param value the text after the first {@code =}
   */
  public record Entry(String key, String value) {}

  /**
   * Describes a parameter of the module.
   *
   * @param name its name
   * @param type its C type, or the module's own name for the type; null if the module does not say
   * @param description its purpose; null if the module does not say
   */
  public record Parameter(String name, @Nullable String type, @Nullable String description) {}

  /** Returns the value of the first entry of {@code key}. */
  public Optional<String> first(String key) {
    return entries.stream().filter(e -> e.key().equals(key)).map(Entry::value).findFirst();
  }

  /** Returns the values of all entries of {@code key}, in the order of the file. */
  public List<String> all(String key) {
    return entries.stream().filter(e -> e.key().equals(key)).map(Entry::value).toList();
  }

  /** Returns whether the module claims to be from the kernel's own source tree. */
  public boolean intree() {
    return first("intree").isPresent();
  }

  /** Returns the modules that this module requires, without those that are only useful to it. */
  public List<String> depends() {
    return Stream.of(first("depends").orElse("").split(","))
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /**
   * Returns the parameters, joined from {@code parm} and {@code parmtype}, in the order of the
   * file.
   */
  public List<Parameter> parameters() {
    var byName = new LinkedHashMap<String, Parameter>();
    for (Entry entry : entries) {
      boolean type = entry.key().equals("parmtype");
      if (!type && !entry.key().equals("parm")) {
        continue;
      }
      int colon = entry.value().indexOf(':');
      String name = colon < 0 ? entry.value() : entry.value().substring(0, colon);
      String text = colon < 0 ? null : entry.value().substring(colon + 1);
      Parameter known = byName.getOrDefault(name, new Parameter(name, null, null));
      byName.put(
          name,
          type
              ? new Parameter(name, text, known.description())
              : new Parameter(name, known.type(), text));
    }
    return new ArrayList<>(byName.values());
  }

  static ModuleInfo read(HostileBytes section) {
    var entries = new ArrayList<Entry>();
    int start = 0;
    while (start < section.size()) {
      int end = section.endOfString(start);
      // Zeroes pad both sections and entries.
      if (end > start) {
        if (entries.size() == ModuleImageLimits.MAX_MODINFO_ENTRIES) {
          throw section.wrong(
              ".modinfo has more entries than are allowed: limit=" + entries.size(), start);
        }
        String text = section.text(start, end);
        int equals = text.indexOf('=');
        entries.add(
            equals < 0
                ? new Entry(text, "")
                : new Entry(text.substring(0, equals), text.substring(equals + 1)));
      }
      start = end + 1;
    }
    return new ModuleInfo(entries);
  }
}
