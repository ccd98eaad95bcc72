package org.kmodwatch.agent.sink;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.kmodwatch.agent.output.Notice;

/** Items for tests. */
final class TestItems {

  /** 2026-11-22T20:00:00.123456789Z. */
  static final long TIME_NANOS = 1_795_377_600_123_456_789L;

  private TestItems() {}

  static Item item(String id, String body) {
    return new Item(id, Notice.Kind.ALERT, TIME_NANOS, 2, body.getBytes(StandardCharsets.UTF_8));
  }

  static List<Item> items(int from, int count) {
    return IntStream.range(from, from + count)
        .mapToObj(n -> item("alert:" + n, "{\"n\":" + n + "}"))
        .toList();
  }

  static List<String> bodies(int from, int count) {
    return items(from, count).stream()
        .map(item -> new String(item.body(), StandardCharsets.UTF_8))
        .toList();
  }
}
