package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The calls that have had an effect and have not returned.
 *
 * <p>A system call is an event when it returns, because only then its result is known. A module
 * whose init function hangs, or crashes its thread, never returns. Its loader must not escape a
 * report by this. So the last record of each call is kept here, until the call returns or is
 * reported without a return value. The return of a call that was reported so is an event of another
 * name. So one call is never two.
 *
 * <p>A call that loads is reported after {@link #OVERDUE_NANOS}. This report has the calling
 * process, which the load record needs before the call returns. Any call is reported when its
 * thread is dead, after {@link #LIMIT_NANOS}, and when the sensor ends. If there are more than
 * {@link #MAX} calls or more than {@link #MAX_BYTES} of their records, the oldest are reported
 * first. Of a reported call, only its existence is kept.
 */
final class OpenCalls {

  /** How long a call that loads may take before it is reported without its result: 5 s. */
  static final long OVERDUE_NANOS = 5_000_000_000L;

  /** How long any other call may take: 15 min. */
  static final long LIMIT_NANOS = 900_000_000_000L;

  /** How many open calls are kept. */
  static final int MAX = 4096;

  /** How many bytes of records are kept. A record has some hundred bytes, and 31 KiB at most. */
  static final int MAX_BYTES = 4 << 20;

  /** How many threads are looked for at a time. So each of many has its turn, but not often. */
  private static final int MAX_LOOKS = 64;

  private static final long LOOK_NANOS = 60_000_000_000L;

  private final Map<Caller, Call> byCaller = new LinkedHashMap<>();
  private final List<ByteBuffer> superseded = new ArrayList<>();
  private long bytes;

  /**
   * The caller: a thread, or a module's init function that runs in a thread's call.
   *
   * @param hostTid the thread id on the host
   * @param nested whether the call is made within another call of the thread
   */
  private record Caller(int hostTid, boolean nested) {

    static Caller of(ByteBuffer record) {
      return new Caller(
          record.getInt(record.position() + RecordLayout.HOST_TID),
          (record.getInt(record.position() + RecordLayout.FLAGS) & RecordLayout.FLAG_NESTED) != 0);
    }
  }

  /**
   * Notes a record made within a call.
   *
   * @param record the record, which is kept, so it must not be the ring's own memory
   */
  void note(ByteBuffer record) {
    Caller caller = Caller.of(record);
    long since = record.getLong(record.position() + RecordLayout.CALL_TIME_NANOS);
    Call known = byCaller.get(caller);
    if (known != null && known.sinceBootNanos == since) {
      if (known.record != null) {
        bytes += record.remaining() - known.record.remaining();
        known.record = record;
      }
      return;
    }
    if (known != null) {
      // The return of the thread's last call was lost.
      report(known, superseded);
      byCaller.remove(caller);
    }
    boolean loads =
        record.getInt(record.position() + RecordLayout.CALL) != RecordLayout.DELETE_MODULE;
    byCaller.put(caller, new Call(since, loads, record));
    bytes += record.remaining();
  }

  /**
   * Removes the call whose return a record reports.
   *
   * @return whether it has been reported already, without its result
   */
  boolean returned(ByteBuffer record) {
    Caller caller = Caller.of(record);
    Call call = byCaller.get(caller);
    if (call == null
        || call.sinceBootNanos
            != record.getLong(record.position() + RecordLayout.CALL_TIME_NANOS)) {
      return false;
    }
    byCaller.remove(caller);
    return !forget(call);
  }

  /** Returns the records of calls that are due now, each once. */
  List<ByteBuffer> overdue(long nowBootNanos) {
    var result = new ArrayList<>(superseded);
    superseded.clear();
    for (Call call : byCaller.values()) {
      if (nowBootNanos - call.sinceBootNanos >= (call.loads ? OVERDUE_NANOS : LIMIT_NANOS)) {
        report(call, result);
      }
    }
    Iterator<Call> oldest = byCaller.values().iterator();
    while (bytes > MAX_BYTES) {
      report(oldest.next(), result);
    }
    oldest = byCaller.values().iterator();
    for (int excess = byCaller.size() - MAX; excess > 0; excess--) {
      report(oldest.next(), result);
      oldest.remove();
    }
    return result;
  }

  /**
   * Returns the records of calls that will never return because their thread is dead, each once. A
   * thread that was found dead may have returned before, and its return may still be in the ring.
   * So its call is reported once all records that were there then were read.
   *
   * @param seenUpToBootNanos the time up to which all records in the rings were read
   * @param isDead whether no thread of the host has this id any more
   */
  List<ByteBuffer> ofTheDead(long nowBootNanos, long seenUpToBootNanos, IntPredicate isDead) {
    var result = new ArrayList<ByteBuffer>();
    int looks = 0;
    Iterator<Map.Entry<Caller, Call>> calls = byCaller.entrySet().iterator();
    while (calls.hasNext()) {
      Map.Entry<Caller, Call> each = calls.next();
      Call call = each.getValue();
      if (call.isDead) {
        if (seenUpToBootNanos >= call.lookedAtBootNanos) {
          report(call, result);
          calls.remove();
        }
      } else if (looks < MAX_LOOKS && nowBootNanos >= call.nextLookBootNanos) {
        looks++;
        call.nextLookBootNanos = nowBootNanos + LOOK_NANOS;
        call.lookedAtBootNanos = nowBootNanos;
        call.isDead = isDead.test(each.getKey().hostTid());
      }
    }
    return result;
  }

  /** Returns the records of all calls that have not been reported. Removes every call. */
  List<ByteBuffer> takeAll() {
    var result = new ArrayList<>(superseded);
    superseded.clear();
    for (Call call : byCaller.values()) {
      report(call, result);
    }
    byCaller.clear();
    return result;
  }

  /** Returns how many bytes of records are kept. */
  long bytes() {
    return bytes;
  }

  private void report(Call call, List<ByteBuffer> to) {
    ByteBuffer record = call.record;
    if (forget(call) && record != null) {
      to.add(record);
    }
  }

  /** Drops a call's record. Returns whether there was a record. */
  private boolean forget(Call call) {
    ByteBuffer record = call.record;
    if (record == null) {
      return false;
    }
    bytes -= record.remaining();
    call.record = null;
    return true;
  }

  private static final class Call {
    private final long sinceBootNanos;
    private final boolean loads;
    private long nextLookBootNanos;
    private long lookedAtBootNanos;
    private boolean isDead;

    /** The last record of the call; null once it was reported. */
    private @Nullable ByteBuffer record;

    Call(long sinceBootNanos, boolean loads, ByteBuffer record) {
      this.sinceBootNanos = sinceBootNanos;
      this.loads = loads;
      this.record = record;
      this.nextLookBootNanos = sinceBootNanos + OVERDUE_NANOS;
    }
  }
}
