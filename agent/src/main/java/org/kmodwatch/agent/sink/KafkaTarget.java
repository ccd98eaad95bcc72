package org.kmodwatch.agent.sink;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A topic of Apache Kafka.
 *
 * @param brokers HOST:PORT, with commas between them
 * @param topic its name
 * @param properties more of the producer's configuration, by Kafka's own names
 * @param secretProperties likewise, never shown
 */
public record KafkaTarget(
    String brokers,
    String topic,
    Map<String, String> properties,
    Map<String, Secret> secretProperties)
    implements Target {

  /** Copies the maps. */
  public KafkaTarget {
    properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    secretProperties = Collections.unmodifiableMap(new LinkedHashMap<>(secretProperties));
  }

  @Override
  public String shown() {
    return "kafka://%s/%s".formatted(brokers, topic);
  }
}
