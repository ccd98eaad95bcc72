package org.kmodwatch.agent.source;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A topic to read from.
 *
 * @param brokers HOST:PORT, with commas between them
 * @param topic its name
 * @param group the consumer group, which remembers how far it has been read
 * @param fromEnd whether a group that is new begins with what comes from now on, and not with all
 *     that there is
 * @param untilEnd whether to end where the topic ended at the start
 */
public record KafkaTopic(
    String brokers, String topic, String group, boolean fromEnd, boolean untilEnd) {

  /** What is expected of an address. */
  public static final String FORM =
      "kafka://HOST:PORT[,HOST:PORT...]/TOPIC[?group=NAME&from=end&until=end]";

  private static final String SCHEME = "kafka://";
  private static final String DEFAULT_GROUP = "kmodwatch";

  private static final Pattern ADDRESS =
      Pattern.compile(
          "kafka://([^/?,:]+:[0-9]{1,5}(?:,[^/?,:]+:[0-9]{1,5})*)/([A-Za-z0-9._-]{1,249})"
              + "(?:\\?(.*))?");

  /** Whether {@code input} is meant to be a topic. */
  public static boolean isMeant(String input) {
    return input.startsWith(SCHEME);
  }

  /**
   * The topic that {@code address} names.
   *
   * @throws IllegalArgumentException if it names none, with what is wrong and expected
   */
  public static KafkaTopic parse(String address) {
    Matcher matcher = ADDRESS.matcher(address);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("expected " + FORM + ": " + address);
    }
    Map<String, String> query = query(address, matcher.group(3));
    return new KafkaTopic(
        matcher.group(1),
        matcher.group(2),
        query.getOrDefault("group", DEFAULT_GROUP),
        query.containsKey("from"),
        query.containsKey("until"));
  }

  private static Map<String, String> query(String address, @Nullable String text) {
    var query = new LinkedHashMap<String, String>();
    if (text == null) {
      return query;
    }
    for (String each : text.split("&", -1)) {
      int equals = each.indexOf('=');
      String key = equals < 0 ? each : each.substring(0, equals);
      String value = equals < 0 ? "" : each.substring(equals + 1);
      boolean good =
          switch (key) {
            case "group" -> !value.isEmpty();
            case "from", "until" -> value.equals("end");
            default -> false;
          };
      if (!good || query.put(key, value) != null) {
        throw new IllegalArgumentException(
            "\"%s\" is not expected there, but %s: %s".formatted(each, FORM, address));
      }
    }
    return query;
  }

  @Override
  public String toString() {
    return SCHEME + brokers + "/" + topic;
  }
}
