package org.kmodwatch.core.load;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.load.Attempt.Part;

/**
 * Which attempt another was given the result of. From Linux 6.5 on, calls of finit_module for an
 * inode that is being loaded wait for the first of them (kernel/module/main.c,
 * idempotent_init_module).
 */
final class Waiters {

  /** Attempts that others may have waited on, by when they ended. */
  private final NavigableMap<End, Main> mains = new TreeMap<>();

  private final int max;

  /**
   * Knows none.
   *
   * @param max how many attempts are kept; the oldest of more is forgotten
   */
  Waiters(int max) {
    this.max = max;
  }

  /** Keeps an attempt whose own events are all there, if others may have waited on it. */
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

  /** Forgets an attempt whose record was made before it returned, and which now does. */
  void forget(Attempt attempt) {
    mains.remove(End.of(attempt));
  }

  /** Forgets what ended before. One that has not returned can be waited on for as long. */
  void forgetBefore(long nanos) {
    while (!mains.isEmpty() && mains.firstKey().endNanos < nanos) {
      mains.pollFirstEntry();
    }
  }

  /**
   * Whether it may have been given the result of another attempt for the same file, as kernels do
   * from 6.5 on: it read nothing, though nothing that is checked before the reading stopped it.
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
    if (flags != null && Names.unknownLoadFlags(flags) != 0) {
      return false;
    }
    if (context.task() != null && !context.task().has(Names.CAP_SYS_MODULE)) {
      return false;
    }
    return switch (Errno.ofReturnValue(returned).orElse(null)) {
      case EBADF, ETXTBSY, EFBIG, EINTR -> false;
      case null, default -> true;
    };
  }

  /**
   * Finds, of the attempts that explain its result, the one that ended next to it: one for a file
   * comes after the other, and who waits goes on when the one that it waits on is done. Only once
   * all of them can have come, so that the order in which they come changes nothing.
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
   * What is to be known of an attempt that others may have waited on; its events are not kept for
   * that.
   *
   * @param host the machine's name; null if it has that of a container
   * @param inPlace whether its module was put in place
   * @param returned what its call returned; null if it has not
   */
  record Main(
      String id,
      @Nullable String host,
      long endNanos,
      long device,
      long inode,
      boolean inPlace,
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

    /** Whether one that waited on it would return {@code value}. */
    boolean explains(long value) {
      return value >= 0
          ? inPlace && (returned == null || returned >= 0)
          : returned != null && returned == value;
    }
  }

  /**
   * Where an attempt stands among the others.
   *
   * @param endNanos when its call returned; the latest moment that there is if it has not
   * @param beginNanos when its call was entered
   * @param hostThreadId the thread
   * @param host the thread's
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
