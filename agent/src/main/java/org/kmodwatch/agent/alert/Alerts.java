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
 * Makes alerts of load records that the policy does not expect, and of findings that belong to no
 * load. The first of a kind is told at once; the same again within the window is counted, and told
 * as a summary when the window is over, when there are too many kinds at once or they take too much
 * of the heap, and at the end. So nothing is swallowed: what was raised is the sum of the counts of
 * the last alert of each id.
 *
 * <p>Has no clock: {@link #tick} says what time it is, and time that goes backwards stands still.
 */
public final class Alerts {

  /** Kinds that are remembered at once; past that, the oldest is summed up early. */
  static final int MAX_OPEN = 4096;

  /** About how much of the heap they may take; past that too. */
  static final long MAX_BYTES = 8L << 20;

  private static final long BYTES_OF_A_GROUP = 512;

  private long windowNanos;
  private final Function<LoadRecord, List<SignatureMetadata>> signatures;
  private final Consumer<Alert> sink;
  private final Map<Key, Group> open = new LinkedHashMap<>();
  private long bytes;
  private long now = Long.MIN_VALUE;
  private long raised;
  private long told;

  /** The beginning of a hash: what makes two alerts the same may be as long as somebody likes. */
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
   * What is the same, and how often it has been since it was told. The first one was told as it
   * was; what a summary needs of the last one is kept only once there are two.
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
   * Makes one.
   *
   * @param window how long the same thing is counted rather than told; zero for not at all
   * @param signatures those that spoke on a load, the most severe first
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

  /** Takes a load record, complete with findings and what the policy says. */
  public void load(LoadRecord record) {
    load(record, 1);
  }

  /**
   * The same of a record that may replace one of the same id.
   *
   * @param turn how many records of that id there were with this one
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

  /** Takes a finding; of one that belongs to a load, the load's record will tell. */
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

  /** From the next alert on, the window is another. What is being counted is summed up. */
  public void changeWindow(Duration window) {
    if (window.toNanos() != windowNanos) {
      finish();
      windowNanos = window.toNanos();
    }
  }

  /**
   * Lets it know the time.
   *
   * @param nowNanos nanoseconds, on the scale of {@link
   *     org.kmodwatch.core.event.SensorContexts#steadyNanos}, which nobody can set
   */
  public void tick(long nowNanos) {
    now = Math.max(now, nowNanos);
    // They are in the order of their ends: each is put in with the time of then, which only grows.
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

  /** Sums up what is not summed up yet. */
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
    told++;
    sink.accept(alert);
  }

  /** About how much of the heap the open kinds take. */
  long openBytes() {
    return bytes;
  }

  /** How many loads and findings were to be looked at. */
  public long raised() {
    return raised;
  }

  /** How many alerts were told, summaries among them. */
  public long told() {
    return told;
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

  /** By its bytes where they are known; by what it says of itself else. */
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

  /** Which sort of process it is, not which one. */
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
