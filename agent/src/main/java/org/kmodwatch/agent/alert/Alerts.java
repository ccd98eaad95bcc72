package org.kmodwatch.agent.alert;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadEvent;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;
import org.kmodwatch.core.load.LoadRecord.ProcessDetails;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * Raises alerts from load records that the policy does not expect, and from findings that belong to
 * no load. The first alert of a group is reported at once. Repeats within the window are counted. A
 * summary reports them when the window ends, when the groups are too many or too large, and at the
 * end. No occurrence is lost: the number raised is the sum of the counts of the last alert of each
 * id.
 *
 * <p>This class has no clock: {@link #tick} sets the time. A time that goes backwards is ignored.
 */
public final class Alerts {

  /** Limits the number of open groups; beyond it, the oldest group is summed up early. */
  static final int MAX_OPEN = 4096;

  /**
   * Limits the approximate heap size of the open groups, in bytes; beyond it, the oldest is summed
   * up early.
   */
  static final long MAX_BYTES = 8L << 20;

  private static final long BYTES_OF_A_GROUP = 512;

  private long windowNanos;
  private final Function<LoadRecord, List<SignatureMetadata>> signatures;
  private final Consumer<Alert> sink;
  private final Map<Key, Group> open = new LinkedHashMap<>();
  private long bytes;
  private long now = Long.MIN_VALUE;
  private long raised;
  private long emitted;

  /**
   * Holds the first 128 bits of a SHA-256. A hash bounds the size of the identity, which has no
   * limit.
   */
  private record Key(long high, long low) {

    static Key of(String identity) {
      try {
        ByteBuffer hash =
            ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(identity.getBytes(UTF_8)));
        return new Key(hash.getLong(), hash.getLong());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  /**
   * A group counts the repeats of one alert since the last report. The first alert is reported
   * unchanged. The group keeps the last subject for the summary only if there is a repeat.
   */
  private static final class Group {
    private final String id;
    private final List<SignatureMetadata> signatures;
    private final long firstCount;
    private final long firstNanos;
    private final long endNanos;
    private Shortened.@Nullable Kept last;
    private long count;
    private long lastNanos;

    Group(Alert first, long endNanos) {
      this.id = first.id();
      this.signatures = first.signatures();
      this.firstCount = first.count();
      this.firstNanos = first.firstNanos();
      this.endNanos = endNanos;
      this.count = first.count();
      this.lastNanos = first.lastNanos();
    }

    long bytes() {
      return BYTES_OF_A_GROUP + (last == null ? 0 : last.bytes());
    }
  }

  /**
   * Creates an instance without open groups.
   *
   * @param window the time in which repeats are counted and not reported; zero reports each
   * @param signatures returns the signatures that matched a load, the most severe first
   * @param sink takes the alerts
   */
  public Alerts(
      Duration window,
      Function<LoadRecord, List<SignatureMetadata>> signatures,
      Consumer<Alert> sink) {
    this.windowNanos = window.toNanos();
    this.signatures = signatures;
    this.sink = sink;
  }

  /** Takes a load record, complete with its findings and the verdict of the policy. */
  public void load(LoadRecord record) {
    load(record, 1);
  }

  /**
   * Takes a load record that may replace an earlier record of the same id.
   *
   * @param turn the number of records of that id, this one included
   */
  public void load(LoadRecord record, int turn) {
    if (verdict(record) == Verdict.EXPECTED) {
      return;
    }
    raise(
        keyOf(record),
        new Alert(
            turn == 1 ? record.id() : record.id() + "/" + turn,
            Alert.Stage.FIRST,
            new Alert.Subject.OfLoad(record),
            signatures.apply(record),
            record.repeats(),
            record.timeNanos(),
            record.timeNanos()));
  }

  private static Verdict verdict(LoadRecord record) {
    if (record.policy() != null) {
      return record.policy().verdict();
    }
    return record.findings().isEmpty() ? Verdict.EXPECTED : Verdict.ALERT;
  }

  /** Takes a finding. A finding that belongs to a load is ignored: the load record reports it. */
  public void finding(Finding finding) {
    Event event = finding.event();
    if (LoadEvent.isPartOfALoad(event)) {
      return;
    }
    SignatureMetadata signature = finding.metadata();
    raise(
        keyOf(finding),
        new Alert(
            "%s-%x-%x"
                .formatted(signature.id(), event.timestampNanos(), event.process().hostThreadId()),
            Alert.Stage.FIRST,
            new Alert.Subject.OfFinding(finding),
            List.of(signature),
            1,
            event.timestampNanos(),
            event.timestampNanos()));
  }

  private void raise(String identity, Alert alert) {
    raised += alert.count();
    Key key = Key.of(identity);
    Group same = open.get(key);
    if (same != null) {
      bytes -= same.bytes();
      same.count += alert.count();
      same.last = Shortened.of(alert.subject());
      same.lastNanos = Math.max(same.lastNanos, alert.lastNanos());
      bytes += same.bytes();
      makeRoom();
      return;
    }
    if (windowNanos > 0) {
      var group = new Group(alert, now + windowNanos);
      open.put(key, group);
      bytes += group.bytes();
      makeRoom();
    }
    tell(alert);
  }

  private void makeRoom() {
    Iterator<Group> eldest = open.values().iterator();
    while (open.size() > MAX_OPEN || bytes > MAX_BYTES) {
      Group early = eldest.next();
      remove(eldest, early);
      sumUp(early);
    }
  }

  private void remove(Iterator<Group> groups, Group group) {
    groups.remove();
    bytes -= group.bytes();
  }

  /** Sets the window from the next alert on. The open groups are summed up. */
  public void changeWindow(Duration window) {
    if (window.toNanos() != windowNanos) {
      finish();
      windowNanos = window.toNanos();
    }
  }

  /**
   * Sets the time.
   *
   * @param nowNanos the time in nanoseconds, on the scale of {@link
   *     org.kmodwatch.core.event.SensorContexts#steadyNanos}, a clock that cannot be set
   */
  public void tick(long nowNanos) {
    now = Math.max(now, nowNanos);
    // The groups are in the order of their ends: each was added with the time of then, which only
    // grows.
    Iterator<Group> groups = open.values().iterator();
    while (groups.hasNext()) {
      Group group = groups.next();
      if (group.endNanos > now) {
        return;
      }
      remove(groups, group);
      sumUp(group);
    }
  }

  /** Sums up all open groups. */
  public void finish() {
    var left = new ArrayList<>(open.values());
    open.clear();
    bytes = 0;
    left.forEach(this::sumUp);
  }

  private void sumUp(Group group) {
    Shortened.Kept last = group.last;
    if (last != null && group.count > group.firstCount) {
      tell(
          new Alert(
              group.id,
              Alert.Stage.SUMMARY,
              last.subject(),
              group.signatures,
              group.count,
              group.firstNanos,
              group.lastNanos));
    }
  }

  private void tell(Alert alert) {
    emitted++;
    sink.accept(alert);
  }

  /** Returns the approximate heap size of the open groups, in bytes. */
  long openBytes() {
    return bytes;
  }

  /** Returns how many loads and findings caused an alert. */
  public long raised() {
    return raised;
  }

  /** Returns how many alerts were reported, summaries included. */
  public long emitted() {
    return emitted;
  }

  private static String keyOf(LoadRecord record) {
    return String.join(
        "\n",
        text(record.host().name()),
        record.action().name(),
        record.outcome().name(),
        text(record.errno()),
        moduleOf(record),
        record.askedBy().map(asked -> requesterOf(record, asked)).orElse(""),
        record.policy() == null ? "" : text(record.policy().rule()),
        String.join(" ", record.findings()));
  }

  /** Returns the hash of the module if it is known; otherwise its name, its file or its size. */
  private static String moduleOf(LoadRecord record) {
    LoadRecord.Image image = record.image();
    if (image != null && image.decompressed() != null) {
      return image.decompressed().sha256();
    }
    if (image != null && image.sha256() != null) {
      return image.sha256();
    }
    LoadRecord.ModuleDetails module = record.module();
    if (module.name() != null) {
      return module.name() + " " + text(module.srcversion());
    }
    LoadRecord.ModuleFile file = record.file();
    return file != null ? file.path() : Objects.toString(module.sizeBytes(), "");
  }

  /** Identifies the kind of process, not the single process. */
  private static String requesterOf(LoadRecord record, ProcessDetails asked) {
    return String.join(
        " ",
        asked.exe() == null ? asked.comm() : asked.exe(),
        Long.toString(asked.uid()),
        text(record.container().image()),
        text(record.kubernetes().podNamespace()),
        Optional.ofNullable(record.requester()).map(LoadRecord.Requester::alias).orElse(""));
  }

  private static String keyOf(Finding finding) {
    Event event = finding.event();
    return String.join(
        "\n",
        finding.metadata().id(),
        event.hostName(),
        event.eventName(),
        event.process().processName(),
        Long.toString(event.process().userId()),
        event
            .argument("name")
            .or(() -> event.argument("kmod_name"))
            .or(() -> event.argument("part"))
            .or(() -> event.argument("output"))
            .map(value -> value instanceof Value.Str(String text) ? text : "")
            .orElse(""));
  }

  private static String text(@Nullable String text) {
    return text == null ? "" : text;
  }
}
