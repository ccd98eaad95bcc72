package org.kmodwatch.agent.sink;

import java.io.OutputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.format.Format;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.Stall;

/** Manages all sinks of an agent. One thread uses it. Only {@link #close} waits for a receiver. */
public final class Sinks implements Output, AutoCloseable {

  /** Limits the number of ended sinks with an account by name; older accounts are summed up. */
  static final int MAX_ENDED = 64;

  /** Names the sum of the older accounts. No sink can have this name. */
  static final String OLDER = "(older)";

  /**
   * Limits the wait for the end of the sinks: a disk that does not answer could block it for ever.
   */
  private static final Duration MOST_AT_END =
      SpooledSink.SPOOL_AT_END.plus(SpooledSink.SEND_AT_END).plusSeconds(5);

  /** Limits all memory queues together while the disk fails, in bytes; the heap is small. */
  static final long MAX_MEMORY_BYTES = 32L << 20;

  private final SinkContext context;
  private final OutputStream standardOutput;

  /** Holds the accounts of ended sinks by name, in the order in which they ended. */
  private final Map<String, SinkAccount> ended = new LinkedHashMap<>();

  private @Nullable SinkAccount older;

  /** Holds the open sinks by name, in the order of the configuration. */
  private Map<String, Open> open = Map.of();

  private record Open(SinkSettings settings, SpooledSink sink) {}

  private Sinks(SinkContext context, OutputStream standardOutput) {
    this.context = context;
    this.standardOutput = standardOutput;
  }

  /**
   * Opens the spool of each sink and begins to send its items.
   *
   * @param standardOutput the stream of a sink that writes to standard output; it is not closed
   * @throws SinkException if a spool, a secret or a certificate cannot be used; no sink is open
   *     then
   */
  public static Sinks open(
      List<SinkSettings> settings, SinkContext context, OutputStream standardOutput) {
    var sinks = new Sinks(context, standardOutput);
    try {
      sinks.replace(settings);
      return sinks;
    } catch (RuntimeException e) {
      sinks.close();
      throw e;
    }
  }

  /**
   * Replaces the sinks by those of {@code settings}. An unchanged sink continues. A changed sink is
   * opened again, and sends the items in its spool. The items of a removed sink stay in its spool.
   *
   * @throws SinkException if a new sink cannot be used; the sinks are unchanged then
   */
  public void replace(List<SinkSettings> settings) {
    Map<String, Open> before = open;
    var prepared = new LinkedHashMap<SinkSettings, Prepared>();
    try {
      for (SinkSettings wanted : settings) {
        Open there = before.get(wanted.name());
        if (there == null || !there.settings().equals(wanted)) {
          prepared.put(wanted, prepare(wanted));
        }
      }
    } catch (RuntimeException e) {
      prepared.values().forEach(unused -> unused.transport().close());
      throw e;
    }
    endAll(before.values().stream().filter(there -> !settings.contains(there.settings())).toList());
    var after = new LinkedHashMap<String, Open>();
    try {
      for (SinkSettings wanted : settings) {
        Prepared made = prepared.get(wanted);
        after.put(
            wanted.name(),
            made == null
                ? Objects.requireNonNull(before.get(wanted.name()))
                : new Open(wanted, start(wanted, made)));
      }
    } catch (RuntimeException e) {
      open = restored(before, after);
      shareMemory();
      throw e;
    }
    open = after;
    shareMemory();
  }

  /** Gives each sink its own share of memory, so that no sink takes the share of another. */
  private void shareMemory() {
    long share = Math.min(MemoryQueue.MAX_BYTES, MAX_MEMORY_BYTES / Math.max(1, open.size()));
    open.values().forEach(there -> there.sink().limitMemory(share));
  }

  /** Returns the sinks of {@code before}. A sink that was already ended is opened again. */
  private Map<String, Open> restored(Map<String, Open> before, Map<String, Open> after) {
    endAll(
        after.values().stream()
            .filter(started -> !started.equals(before.get(started.settings().name())))
            .toList());
    var restored = new LinkedHashMap<String, Open>();
    before.forEach(
        (name, there) -> {
          if (!there.sink().isClosed()) {
            restored.put(name, there);
            return;
          }
          try {
            restored.put(
                name,
                new Open(there.settings(), start(there.settings(), prepare(there.settings()))));
          } catch (RuntimeException e) {
            context
                .notes()
                .accept(
                    "%s: cannot be opened again and gets nothing from now on; remedy: a restart: %s"
                        .formatted(name, e.getMessage()));
          }
        });
    return restored;
  }

  /** Ends sinks in parallel, so that slow disks do not delay the sensor one after the other. */
  private void endAll(Collection<Open> these) {
    atOnce(these, SpooledSink::leave);
    for (Open there : these) {
      ended.put(there.settings().name(), there.sink().account().ended());
      if (ended.size() > MAX_ENDED) {
        SinkAccount eldest = ended.values().iterator().next();
        ended.remove(eldest.name());
        older = older == null ? eldest.named(OLDER) : older.plus(eldest);
      }
    }
  }

  private record Prepared(Format format, Transport transport) {}

  private Prepared prepare(SinkSettings sink) {
    Format format = sink.format().open(context.catalogue(), context.version(), context.host());
    return new Prepared(format, transport(sink.target(), format));
  }

  private SpooledSink start(SinkSettings settings, Prepared prepared) {
    try {
      var sink =
          new SpooledSink(
              settings,
              context,
              prepared.format(),
              prepared.transport(),
              SpooledSink.Settings.REAL,
              Optional.ofNullable(ended.get(settings.name())));
      sink.start();
      // The new sink continues the account: each name has one account.
      ended.remove(settings.name());
      return sink;
    } catch (RuntimeException e) {
      prepared.transport().close();
      throw e;
    }
  }

  private Transport transport(Target target, Format format) {
    return switch (target) {
      case WebhookTarget webhook -> {
        webhook.requireSecrets();
        yield new HttpTransport(
            webhook,
            format.contentType(),
            context.version(),
            InstantSource.system(),
            HttpTransport.REQUEST_TIMEOUT);
      }
      case FileTarget file -> new FileTransport(file);
      case HistoryTarget history ->
          new HistoryTransport(history, InstantSource.system(), context.notes());
      case StdoutTarget stdout -> new StdoutTransport(standardOutput);
      case SyslogTarget syslog -> new SyslogTransport(syslog, context.host());
      case KafkaTarget kafka -> {
        kafka.secretProperties().values().forEach(Secret::require);
        yield new KafkaTransport(kafka, context.host());
      }
      case OtlpTarget otlp -> {
        otlp.secretHeaders().values().forEach(Secret::require);
        yield new OtlpTransport(otlp, context.version(), context.host(), InstantSource.system());
      }
    };
  }

  @Override
  public void accept(Notice notice) {
    open.values().forEach(there -> there.sink().accept(notice));
  }

  @Override
  public void flush() {
    // Each item is already queued.
  }

  /** Makes every spool's disk look full. For tests. */
  void fillDisks() throws SpoolException {
    for (Open there : open.values()) {
      there
          .sink()
          .spool()
          .execute(
              "CREATE TEMP TRIGGER full BEFORE INSERT ON item BEGIN SELECT RAISE(ABORT, 'full');"
                  + " END");
    }
  }

  /** Returns whether no sink is open. */
  public boolean isEmpty() {
    return open.isEmpty();
  }

  /** Returns the name of a sink among the outputs. */
  public static String outputName(String sink) {
    return "sink " + sink;
  }

  /**
   * Returns the sinks that have pending items and have accepted nothing for longer than {@code
   * after}.
   */
  public List<Stall> stalls(Duration after) {
    return open.values().stream().flatMap(there -> there.sink().stall(after).stream()).toList();
  }

  /** Returns one account per name; those of ended sinks come first. */
  public List<SinkAccount> accounts() {
    var accounts = new ArrayList<SinkAccount>();
    if (older != null) {
      accounts.add(older);
    }
    accounts.addAll(ended.values());
    open.values().forEach(there -> accounts.add(there.sink().account()));
    return accounts;
  }

  /**
   * Waits until every item is on disk, sent or dropped, at most {@code atMost}. Does not wait for a
   * sink whose disk fails.
   *
   * @return whether a kill at this moment would lose no item
   */
  public boolean awaitOnDisk(Duration atMost) {
    long end = System.nanoTime() + atMost.toNanos();
    boolean safe = true;
    for (Open there : open.values()) {
      safe &= there.sink().awaitOnDisk(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
    return safe;
  }

  /** Ends all sinks in parallel, as {@link SpooledSink#close} does. A second call does nothing. */
  @Override
  public void close() {
    atOnce(open.values(), SpooledSink::close);
  }

  private static void atOnce(Collection<Open> these, Consumer<SpooledSink> work) {
    var threads = new ArrayList<Thread>();
    for (Open there : these) {
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("kmodwatch-end-" + there.settings().name())
              .start(() -> work.accept(there.sink())));
    }
    long end = System.nanoTime() + MOST_AT_END.toNanos();
    try {
      for (Thread thread : threads) {
        boolean ignored = thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
