package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Interruption;
import org.kmodwatch.agent.source.KafkaSource;
import org.kmodwatch.agent.source.KafkaTopic;
import org.kmodwatch.agent.source.SourceException;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.scan.ReadOptions;

/** Replays a topic of Apache Kafka as records arrive. */
public final class TopicReplay {

  private final ReplayCommand given;
  private final ReplayLoop loop;
  private final ReadOptions options;

  TopicReplay(ReplayCommand given, ReplayLoop loop, ReadOptions options) {
    this.given = given;
    this.loop = loop;
    this.options = options;
  }

  /**
   * Reads until an interruption, or to the topic's end if the topic says so.
   *
   * @return the number of lines
   * @throws CommandException if the topic cannot be read, or the options contradict each other
   * @throws IOException if an output fails
   */
  long read(ReplayRun.Surroundings surroundings, RecordingFeed feed) throws IOException {
    if (given.files.size() > 1 || given.resume != null) {
      throw new CommandException(
          ExitStatus.USAGE,
          given.resume != null
              ? "a topic needs no --resume: its group remembers how far it has been read"
              : "a topic is read by itself; give it alone, and files in another run");
    }
    KafkaTopic topic;
    try {
      topic = KafkaTopic.parse(given.files.getFirst());
    } catch (IllegalArgumentException e) {
      throw new CommandException(ExitStatus.USAGE, String.valueOf(e.getMessage()), e);
    }
    var receiver = new Receiver(feed);
    try (Interruption interruption = surroundings.interruption().get()) {
      long lines =
          new KafkaSource(topic, options)
              .read(properties(given.kafkaProperties), receiver, interruption::isAsked);
      if (topic.untilEnd() && !interruption.isAsked()) {
        loop.finish();
      } else {
        // Incomplete loads are not committed, and are read again.
        loop.leave();
      }
      return lines;
    } catch (SourceException e) {
      throw new CommandException(ExitStatus.UNAVAILABLE, String.valueOf(e.getMessage()), e);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Map<String, String> properties(@Nullable Path file) {
    var all = new HashMap<String, String>();
    if (file != null) {
      var properties = new Properties();
      try (Reader in = Files.newBufferedReader(file)) {
        properties.load(in);
      } catch (IOException | IllegalArgumentException e) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE, "cannot read --kafka-properties %s: %s".formatted(file, e), e);
      }
      properties.stringPropertyNames().forEach(key -> all.put(key, properties.getProperty(key)));
    }
    return all;
  }

  /**
   * Passes events to the pipeline. The events set its clock. While none come, the elapsed time
   * advances it.
   */
  private final class Receiver implements KafkaSource.Receiver {
    private final RecordingFeed feed;
    private long lastWallNanos;

    Receiver(RecordingFeed feed) {
      this.feed = feed;
    }

    @Override
    public void onEvent(Event event) {
      lastWallNanos = event.timestampNanos();
      feed.onEvent(event);
    }

    @Override
    public void onBadLine(BadLine line) {
      feed.onBadLine(line);
    }

    @Override
    public void flush() throws IOException {
      loop.flush();
    }

    @Override
    public boolean isComplete() {
      return loop.isQuiescent();
    }

    @Override
    public void idle(Duration sinceLast) throws IOException {
      if (feed.nowNanos() > 0) {
        long waited = sinceLast.toNanos();
        loop.tick(feed.nowNanos() + waited, 0, lastWallNanos + waited);
      }
    }
  }
}
