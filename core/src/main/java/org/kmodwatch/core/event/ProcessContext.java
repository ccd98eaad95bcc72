package org.kmodwatch.core.event;

import org.jspecify.annotations.Nullable;

/**
 * The thread in whose context the event happened. Each id has two values: in the thread's own pid
 * namespace, and on the host.
 *
 * @param threadStartTimeNanos when the thread started, in nanoseconds since the epoch; in old
 *     recordings since boot; 0 if the producer did not say
 * @param processorId the processor on which the thread ran
 * @param processId process id (the kernel's tgid) inside the namespace; 0 if the producer did not
 *     say
 * @param threadId thread id inside the namespace; 0 if the producer did not say
 * @param parentProcessId parent's process id inside the namespace; 0 if the parent is outside it
 * @param hostProcessId process id on the host
 * @param hostThreadId thread id on the host; 0 if the producer did not say
 * @param hostParentProcessId parent's process id on the host
 * @param cgroupId id of the cgroup (version 2 hierarchy), unsigned 64-bit
 * @param userId real user id, unsigned 32-bit, in the initial user namespace; {@link #UNKNOWN_USER}
 *     if the producer did not say
 * @param mountNamespace inode number of the mount namespace, unsigned 32-bit
 * @param pidNamespace inode number of the pid namespace, unsigned 32-bit
 * @param processName the thread's comm, at most 15 bytes
 * @param executablePath path of the executed file, as seen in its own mount namespace; null if the
 *     producer gave none
 * @param entityIds ids that stay the same over all events of a thread; null if the producer gave
 *     none
 */
public record ProcessContext(
    long threadStartTimeNanos,
    int processorId,
    int processId,
    int threadId,
    int parentProcessId,
    int hostProcessId,
    int hostThreadId,
    int hostParentProcessId,
    long cgroupId,
    long userId,
    long mountNamespace,
    long pidNamespace,
    String processName,
    @Nullable String executablePath,
    @Nullable EntityIds entityIds) {

  /** No process: Kmodwatch itself, or a process that is not known. No process has pid 0. */
  public static final ProcessContext NONE =
      new ProcessContext(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", null, null);

  /** The kernel's invalid user id, used if the producer did not give a user id. */
  public static final long UNKNOWN_USER = 0xffff_ffffL;

  /**
   * Ids made from an id and a start time, so that a reused pid gets a different one. Each is
   * unsigned 32-bit.
   *
   * @param thread id of the thread
   * @param process id of its process
   * @param parent id of its parent process
   */
  public record EntityIds(long thread, long process, long parent) {}
}
