package org.kmodwatch.agent.sink;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A target that is a topic of Apache Kafka.
 *
 * @param brokers the brokers as HOST:PORT, separated by commas
 * @param topic the name of the topic
 * @param properties more configuration of the producer, by Kafka's names
 * @param secretProperties more configuration of the producer that is never shown
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
