package org.kmodwatch.core.load;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.load.Attempt.Part;

/**
 * Finds the attempt whose result another attempt received. From Linux 6.5 on, calls of finit_module
 * for an inode that is being loaded wait for the first of them (kernel/module/main.c,
 * idempotent_init_module).
 */
final class Waiters {

  /** The attempts that others may have waited on, by when they ended. */
  private final NavigableMap<End, Main> mains = new TreeMap<>();

  private final int max;

  /**
   * Creates an empty table.
   *
   * @param max the largest number of kept attempts; beyond it the oldest is forgotten
   */
  Waiters(int max) {
    this.max = max;
  }

  /** Keeps an attempt whose own events have all arrived, if others may have waited on it. */
  void remember(Attempt attempt) {
    if (!attempt.mayHaveWaited
        && attempt.fromSensor()
        && attempt.stage() != Reasons.Stage.ENTRY
        && attempt.file() != null) {
      mains.put(End.of(attempt), Main.of(attempt));
      if (mains.size() > max) {
        mains.pollFirstEntry();
      }
    }
  }

  /** Forgets an attempt that was recorded before it returned, and has returned now. */
  void forget(Attempt attempt) {
    mains.remove(End.of(attempt));
  }

  /**
   * Forgets attempts that ended before {@code nanos}. An attempt that has not returned stays,
   * because others can still wait on it.
   */
  void forgetBefore(long nanos) {
    while (!mains.isEmpty() && mains.firstKey().endNanos < nanos) {
      mains.pollFirstEntry();
    }
  }

  /**
   * Returns whether an attempt may have received the result of another for the same file, as
   * kernels do from 6.5 on. Such an attempt read nothing, although no check before the read stopped
   * it.
   */
  static boolean mayHaveWaited(Attempt attempt) {
    Long returned = attempt.returnValue();
    SensorContext context = attempt.context();
    if (returned == null
        || context == null
        || attempt.call() != Reasons.Call.FINIT
        || attempt.stage() != Reasons.Stage.ENTRY
        || attempt.file() == null) {
      return false;
    }
    if (returned >= 0) {
      return true;
    }
    Long flags = attempt.number(Part.CALL, "flags");
    if (flags != null && BitNames.unknownLoadFlags(flags) != 0) {
      return false;
    }
    if (context.task() != null && !context.task().has(BitNames.CAP_SYS_MODULE)) {
      return false;
    }
    return switch (Errno.ofReturnValue(returned).orElse(null)) {
      case EBADF, ETXTBSY, EFBIG, EINTR -> false;
      case null, default -> true;
    };
  }

  /**
   * Finds the attempt that ended nearest to {@code waiter}, among those that explain its result.
   * Attempts for one file follow each other, and a waiter continues when the attempt that it waits
   * on is done. Call this method only after all of them can have arrived, so that their order does
   * not matter.
   */
  @Nullable Main findMain(Attempt waiter) {
    Long returned = waiter.returnValue();
    return returned == null ? null : nearest(waiter, returned);
  }

  private @Nullable Main nearest(Attempt waiter, long returned) {
    SensorContext.FileIdentity file = waiter.file();
    if (file == null) {
      return null;
    }
    String host = HostName.of(waiter.ofProcess());
    End end = new End(waiter.endNanos(), Long.MAX_VALUE, Integer.MAX_VALUE, waiter.identity.host());
    Main before = null;
    for (Map.Entry<End, Main> main : mains.headMap(end, true).descendingMap().entrySet()) {
      if (main.getKey().endNanos < waiter.earliestBeginNanos()) {
        break;
      }
      if (isMainOf(main, waiter, host, file, returned)) {
        before = main.getValue();
        break;
      }
    }
    for (Map.Entry<End, Main> main : mains.tailMap(end, false).entrySet()) {
      long after = main.getKey().endNanos - waiter.endNanos();
      if (before != null && after >= waiter.endNanos() - before.endNanos) {
        break;
      }
      if (isMainOf(main, waiter, host, file, returned)) {
        return main.getValue();
      }
    }
    return before;
  }

  private static boolean isMainOf(
      Map.Entry<End, Main> main,
      Attempt waiter,
      @Nullable String host,
      SensorContext.FileIdentity file,
      long returned) {
    return main.getKey().beginNanos <= waiter.endNanos()
        && HostName.mayBeSame(main.getValue().host, host)
        && main.getValue().isOf(file)
        && main.getValue().explains(returned);
  }

  /**
   * The facts on an attempt that others may have waited on. Its events are not kept for them.
   *
   * @param host the machine's name; null if the attempt has a container's name
   * @param present whether its module was loaded
   * @param returned the call's return value; null if it has not returned
   */
  record Main(
      String id,
      @Nullable String host,
      long endNanos,
      long device,
      long inode,
      boolean present,
      @Nullable Long returned,
      Reasons.Verdict verdict) {

    static Main of(Attempt attempt) {
      SensorContext.FileIdentity file = attempt.file();
      return new Main(
          attempt.id(),
          HostName.of(attempt.ofProcess()),
          attempt.endNanos(),
          file == null ? 0 : file.device(),
          file == null ? 0 : file.inode(),
          attempt.has(Part.LOAD),
          attempt.returnValue(),
          attempt.verdict());
    }

    boolean isOf(SensorContext.FileIdentity file) {
      return inode != 0 && inode == file.inode() && device == file.device();
    }

    /** Returns whether an attempt that waited on this one would return {@code value}. */
    boolean explains(long value) {
      return value >= 0
          ? present && (returned == null || returned >= 0)
          : returned != null && returned == value;
    }
  }

  /**
   * Orders attempts by when they ended.
   *
   * @param endNanos when its call returned; {@link Long#MAX_VALUE} if it has not
   * @param beginNanos when its call was entered
   * @param hostThreadId the thread
   * @param host the thread's host
   */
  private record End(long endNanos, long beginNanos, int hostThreadId, String host)
      implements Comparable<End> {

    static End of(Attempt attempt) {
      return new End(
          attempt.endNanos(),
          attempt.beginNanos(),
          attempt.identity.thread(),
          attempt.identity.host());
    }

    @Override
    public int compareTo(End other) {
      int order = Long.compare(endNanos, other.endNanos);
      if (order == 0) {
        order = Long.compare(beginNanos, other.beginNanos);
      }
      if (order == 0) {
        order = Integer.compare(hostThreadId, other.hostThreadId);
      }
      return order != 0 ? order : host.compareTo(other.host);
    }
  }
}
