package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The calls that have begun to do something and have not returned.
 *
 * <p>A system call is an event when it returns, because only then its result is known. A module
 * whose init function hangs, or crashes its thread, never returns; its loader must not thereby
 * escape the finding. So the last record that was made within a call is kept here, until the call
 * returns, or it has been open for {@link #OVERDUE_NANOS}, or the sensor ends; then the call is
 * reported without a return value. The return of a call that was so reported is an event of another
 * name, so that one call is never two.
 *
 * <p>Only {@code init_module} is reported when overdue: of a {@code finit_module} the finding comes
 * from the file read.
 */
final class OpenCalls {

  /** How long an {@code init_module} may take before it is reported without its result: 5 s. */
  static final long OVERDUE_NANOS = 5_000_000_000L;

  /** How many open calls are kept; more are reported at once. */
  static final int MAX = 4096;

  private final Map<Integer, Call> byHostTid = new LinkedHashMap<>();

  /**
   * Notes a record made within a call.
   *
   * @param record is kept, so it must not be the ring's own memory
   */
  void note(ByteBuffer record) {
    int hostTid = record.getInt(record.position() + RecordLayout.HOST_TID);
    long since = record.getLong(record.position() + RecordLayout.CALL_TIME_NANOS);
    Call known = byHostTid.get(hostTid);
    if (known != null && known.sinceBootNanos == since) {
      known.record = record;
      return;
    }
    boolean initModule =
        record.getInt(record.position() + RecordLayout.CALL) == RecordLayout.INIT_MODULE;
    byHostTid.put(hostTid, new Call(since, initModule, record));
  }

  /**
   * Forgets the call whose return a record tells of.
   *
   * @return whether it has been reported already, without its result
   */
  boolean returned(ByteBuffer record) {
    int hostTid = record.getInt(record.position() + RecordLayout.HOST_TID);
    Call call = byHostTid.get(hostTid);
    if (call == null
        || call.sinceBootNanos
            != record.getLong(record.position() + RecordLayout.CALL_TIME_NANOS)) {
      return false;
    }
    byHostTid.remove(hostTid);
    return call.reported;
  }

  /** The records of calls that are to be reported now, each once. */
  List<ByteBuffer> overdue(long nowBootNanos) {
    var result = new ArrayList<ByteBuffer>();
    for (Call call : byHostTid.values()) {
      if (call.isInitModule
          && !call.reported
          && nowBootNanos - call.sinceBootNanos >= OVERDUE_NANOS) {
        call.reported = true;
        result.add(call.record);
      }
    }
    Iterator<Call> oldest = byHostTid.values().iterator();
    for (int excess = byHostTid.size() - MAX; excess > 0; excess--) {
      Call call = oldest.next();
      oldest.remove();
      if (!call.reported) {
        result.add(call.record);
      }
    }
    return result;
  }

  /** The records of all calls that have not been reported; forgets every call. */
  List<ByteBuffer> takeAll() {
    var result = new ArrayList<ByteBuffer>();
    for (Call call : byHostTid.values()) {
      if (!call.reported) {
        result.add(call.record);
      }
    }
    byHostTid.clear();
    return result;
  }

  private static final class Call {
    private final long sinceBootNanos;
    private final boolean isInitModule;
    private ByteBuffer record;
    private boolean reported;

    Call(long sinceBootNanos, boolean isInitModule, ByteBuffer record) {
      this.sinceBootNanos = sinceBootNanos;
      this.isInitModule = isInitModule;
      this.record = record;
    }
  }
}
