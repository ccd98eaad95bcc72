package org.kmodwatch.agent.config;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A checked group of a configuration. A value has the type of its shape. A request for another type
 * is an error in Kmodwatch.
 */
public final class Section {

  private final Mark mark;
  private final String path;
  private final Map<String, Setting> settings;

  Section(Mark mark, String path, Map<String, Setting> settings) {
    this.mark = mark;
    this.path = path;
    this.settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /**
   * One key's value.
   *
   * @param mark its position
   * @param value the value with the type of its shape, also for a default value
   * @param given whether somebody wrote it
   */
  record Setting(Mark mark, Object value, boolean given) {}

  /** Returns the beginning of the group. */
  public Mark mark() {
    return mark;
  }

  /** Returns its path in the configuration, with dots; empty for the whole. */
  public String path() {
    return path;
  }

  /** Returns whether somebody wrote {@code key}. */
  public boolean isGiven(String key) {
    Setting setting = settings.get(key);
    return setting != null && setting.given();
  }

  /** Returns the position of {@code key}; the beginning of the group if the key is absent. */
  public Mark markOf(String key) {
    Setting setting = settings.get(key);
    return setting == null ? mark : setting.mark();
  }

  /** Returns a text or a word. */
  public Optional<String> text(String key) {
    return get(key, String.class);
  }

  /** Returns a text or a word that is always present: required, or with a default value. */
  public String requiredText(String key) {
    return always(key, text(key));
  }

  /** Returns whether a flag is set. */
  public boolean flag(String key) {
    return get(key, Boolean.class).orElse(false);
  }

  /** Returns a whole number. */
  public Optional<Long> whole(String key) {
    return get(key, Long.class);
  }

  /** Returns a whole number that is always present. */
  public long requiredWhole(String key) {
    return always(key, whole(key));
  }

  /** Returns a size; empty if it is absent or a word stands instead. */
  public Optional<ByteSize> size(String key) {
    return settings.get(key) instanceof Setting(var at, ByteSize size, var given)
        ? Optional.of(size)
        : Optional.empty();
  }

  /** Returns a size that is always present. */
  public ByteSize requiredSize(String key) {
    return always(key, size(key));
  }

  /** Returns a length of time. */
  public Optional<Duration> time(String key) {
    return get(key, Duration.class);
  }

  /** Returns a length of time that is always present. */
  public Duration requiredTime(String key) {
    return always(key, time(key));
  }

  /** Returns a secret. */
  public Optional<SecretRef> secret(String key) {
    return get(key, SecretRef.class);
  }

  /** Returns a group. */
  public Optional<Section> section(String key) {
    return get(key, Section.class);
  }

  /** Returns a list of texts or words; empty if it is absent. */
  public List<String> texts(String key) {
    return list(key, String.class);
  }

  /** Returns a list of groups; empty if it is absent. */
  public List<Section> sections(String key) {
    return list(key, Section.class);
  }

  /** Returns names with groups, in order; empty if they are absent. */
  public Map<String, Section> namedSections(String key) {
    return map(key, Section.class);
  }

  /** Returns names with texts, in order; empty if they are absent. */
  public Map<String, String> namedTexts(String key) {
    return map(key, String.class);
  }

  /** Returns names with values of one type, in order; empty if they are absent. */
  public <T> Map<String, T> map(String key, Class<T> type) {
    var named = new LinkedHashMap<String, T>();
    if (settings.get(key) instanceof Setting(var at, Map<?, ?> values, var given)) {
      values.forEach((name, value) -> named.put((String) name, type.cast(value)));
    }
    return named;
  }

  /** Returns whether {@code key} has the same value in {@code other}, at any position. */
  public boolean hasSame(String key, Section other) {
    Setting mine = settings.get(key);
    Setting theirs = other.settings.get(key);
    if (mine == null || theirs == null) {
      return mine == null && theirs == null;
    }
    return same(mine.value(), theirs.value());
  }

  private static boolean same(Object a, Object b) {
    if (a instanceof Section mine && b instanceof Section theirs) {
      return mine.settings.keySet().equals(theirs.settings.keySet())
          && mine.settings.keySet().stream().allMatch(key -> mine.hasSame(key, theirs));
    }
    return a.equals(b);
  }

  Map<String, Setting> settings() {
    return settings;
  }

  private <T> List<T> list(String key, Class<T> type) {
    return settings.get(key) instanceof Setting(var at, List<?> items, var given)
        ? items.stream().map(type::cast).toList()
        : List.of();
  }

  private <T> Optional<T> get(String key, Class<T> type) {
    @Nullable Setting setting = settings.get(key);
    return setting == null ? Optional.empty() : Optional.of(type.cast(setting.value()));
  }

  private <T> T always(String key, Optional<T> value) {
    return value.orElseThrow(
        () -> new IllegalStateException("not a key that is always there: key=" + key));
  }
}
