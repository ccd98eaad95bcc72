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
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.format.Format;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.Stall;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/** All sinks of an agent. Of one thread; but for {@link #close} nothing waits for a receiver. */
public final class Sinks implements Output, AutoCloseable {

  /**
   * Accounts of so many sinks that are gone are kept by name; those of older ones are summed up.
   */
  static final int MAX_ENDED = 64;

  /** The sum of the accounts that are not kept by name. No sink can have this name. */
  static final String OLDER = "(older)";

  /** A disk that answers nothing can hold a sink's end for ever; nobody waits for longer. */
  private static final Duration MOST_AT_END =
      SpooledSink.SPOOL_AT_END.plus(SpooledSink.SEND_AT_END).plusSeconds(5);

  /**
   * What all sinks together may hold in memory, while the disk takes nothing; the heap is small.
   */
  static final long MAX_MEMORY_BYTES = 32L << 20;

  private final SinkContext context;
  private final OutputStream standardOutput;

  /** Of sinks that are gone, by name, the one that ended first first. */
  private final Map<String, SinkAccount> ended = new LinkedHashMap<>();

  private @Nullable SinkAccount older;

  /** By name, in the order of the configuration. */
  private Map<String, Open> open = Map.of();

  private record Open(SinkSettings settings, SpooledSink sink) {}

  private Sinks(SinkContext context, OutputStream standardOutput) {
    this.context = context;
    this.standardOutput = standardOutput;
  }

  /**
   * Opens the spool of each sink and begins to send what is in it.
   *
   * @param standardOutput for a sink that writes there; stays open
   * @throws SinkException if a spool, a secret or a certificate cannot be used; none is open then
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
   * Makes the sinks those of {@code settings}. One that is as it was goes on; of one that is not,
   * what waits in the spool is sent by the new one. Of one that is gone it stays there.
   *
   * @throws SinkException if a new one cannot be used; all are as they were then
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

  /** Each has a share of its own: one that holds much must not take another's. */
  private void shareMemory() {
    long share = Math.min(MemoryQueue.MAX_BYTES, MAX_MEMORY_BYTES / Math.max(1, open.size()));
    open.values().forEach(there -> there.sink().limitMemory(share));
  }

  /** What there was before, opened again where it was ended for something that did not come. */
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

  /** Ends them at the same time: one whose disk is slow must not hold up the sensor for each. */
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
      // Its account goes on in the new one's: there is one of each name.
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
  public void finding(Finding finding) {
    open.values().forEach(there -> there.sink().finding(finding));
  }

  @Override
  public void load(LoadRecord load) {
    open.values().forEach(there -> there.sink().load(load));
  }

  @Override
  public void alert(Alert alert) {
    open.values().forEach(there -> there.sink().alert(alert));
  }

  @Override
  public void event(Event event) {
    // What is told of it are findings, loads and alerts.
  }

  @Override
  public void flush() {
    // Each is on its way at once.
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

  /** Whether there are none now. */
  public boolean isEmpty() {
    return open.isEmpty();
  }

  /** What the sink of a name is called among the outputs. */
  public static String outputName(String sink) {
    return "sink " + sink;
  }

  /** Those that have accepted nothing for longer than {@code after} although something waits. */
  public List<Stall> stalls(Duration after) {
    return open.values().stream().flatMap(there -> there.sink().stall(after).stream()).toList();
  }

  /** Where what was taken is: one account a name; those of sinks that are gone come first. */
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
   * Waits until all that was taken is on disk or has come to its end, but no longer than {@code
   * atMost}, and not at all for a sink whose disk takes nothing.
   *
   * @return whether a kill at this moment would lose nothing
   */
  public boolean awaitOnDisk(Duration atMost) {
    long end = System.nanoTime() + atMost.toNanos();
    boolean safe = true;
    for (Open there : open.values()) {
      safe &= there.sink().awaitOnDisk(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
    return safe;
  }

  /** Ends all of them at the same time, as {@link SpooledSink#close} does. May be called again. */
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
