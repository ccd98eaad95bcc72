package org.kmodwatch.agent.config;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A group of a configuration that was checked: what is asked of it has the type that its shape
 * says, and asking for another is a fault of ours.
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
   * @param mark where it stands
   * @param value as its shape says; of a standard value too
   * @param given whether somebody wrote it
   */
  record Setting(Mark mark, Object value, boolean given) {}

  /** Where it begins. */
  public Mark mark() {
    return mark;
  }

  /** Where it is in the configuration, with dots; empty for the whole. */
  public String path() {
    return path;
  }

  /** Whether somebody wrote {@code key}. */
  public boolean isGiven(String key) {
    Setting setting = settings.get(key);
    return setting != null && setting.given();
  }

  /** Where {@code key} stands; where the group begins if it is not there. */
  public Mark markOf(String key) {
    Setting setting = settings.get(key);
    return setting == null ? mark : setting.mark();
  }

  /** A text or a word. */
  public Optional<String> text(String key) {
    return get(key, String.class);
  }

  /** A text or a word that is always there: required, or with a standard value. */
  public String requiredText(String key) {
    return always(key, text(key));
  }

  /** Whether a flag is set. */
  public boolean flag(String key) {
    return get(key, Boolean.class).orElse(false);
  }

  /** A whole number. */
  public Optional<Long> whole(String key) {
    return get(key, Long.class);
  }

  /** A whole number that is always there. */
  public long requiredWhole(String key) {
    return always(key, whole(key));
  }

  /** A size; none where a word stands in its place. */
  public Optional<ByteSize> size(String key) {
    return settings.get(key) instanceof Setting(var at, ByteSize size, var given)
        ? Optional.of(size)
        : Optional.empty();
  }

  /** A size that is always there. */
  public ByteSize requiredSize(String key) {
    return always(key, size(key));
  }

  /** A length of time. */
  public Optional<Duration> time(String key) {
    return get(key, Duration.class);
  }

  /** A length of time that is always there. */
  public Duration requiredTime(String key) {
    return always(key, time(key));
  }

  /** A secret. */
  public Optional<SecretRef> secret(String key) {
    return get(key, SecretRef.class);
  }

  /** A group. */
  public Optional<Section> section(String key) {
    return get(key, Section.class);
  }

  /** A list of texts or words; empty if it is not there. */
  public List<String> texts(String key) {
    return list(key, String.class);
  }

  /** A list of groups; empty if it is not there. */
  public List<Section> sections(String key) {
    return list(key, Section.class);
  }

  /** Names with groups, in order; empty if it is not there. */
  public Map<String, Section> namedSections(String key) {
    return map(key, Section.class);
  }

  /** Names with texts, in order; empty if it is not there. */
  public Map<String, String> namedTexts(String key) {
    return map(key, String.class);
  }

  /** Names with values of one type, in order; empty if it is not there. */
  public <T> Map<String, T> map(String key, Class<T> type) {
    var named = new LinkedHashMap<String, T>();
    if (settings.get(key) instanceof Setting(var at, Map<?, ?> values, var given)) {
      values.forEach((name, value) -> named.put((String) name, type.cast(value)));
    }
    return named;
  }

  /** Whether {@code key} has the same value in {@code other}, wherever it stands. */
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
