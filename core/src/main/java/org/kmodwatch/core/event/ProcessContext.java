package org.kmodwatch.core.event;

import org.jspecify.annotations.Nullable;

/**
 * The thread in whose context the kernel did it. Ids come twice: as the thread's own pid namespace
 * numbers them, and as the host does.
 *
 * @param threadStartTimeNanos when the thread started, nanoseconds since the epoch; in old
 *     recordings since boot; 0 if the producer did not say
 * @param processorId the processor it ran on
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
 * @param processName the thread's comm: at most 15 bytes of it
 * @param executablePath path of the file it executes, as its own mount namespace sees it; null if
 *     the producer gave none
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

  /** The user id of nobody at all, as the kernel has it: the producer did not say. */
  public static final long UNKNOWN_USER = 0xffff_ffffL;

  /**
   * Ids made from an id and a start time, so that a reused pid gets another one; each unsigned
   * 32-bit.
   *
   * @param thread of the thread
   * @param process of its process
   * @param parent of its parent process
   */
  public record EntityIds(long thread, long process, long parent) {}
}
