package org.kmodwatch.sensor;

import java.util.Map;

/**
 * The sensor's account. Every record that a program wanted to send was delivered, held back,
 * counted as lost by reason, or is still pending.
 *
 * @param attempts the lane of attempts
 * @param loads the lane of accepted loads
 * @param noWorkSpace records for which no work space was free in the kernel, in no lane
 * @param images images of modules that the programs wanted to send
 * @param imagesCut images for which some byte had no room
 * @param imagesExpired images that were dropped because no record reported them for a minute, or to
 *     make room
 * @param malformedChunks chunks of images that could not be read: a fault of Kmodwatch
 * @param unlisted held-back calls for which the list of held-back records had no room
 * @param crowdedOut calls whose entry found no work space: a later hook reports them
 * @param missed by hook, how often the kernel did not run its program; other hooks are left out
 */
public record SensorStatistics(
    OfLane attempts,
    OfLane loads,
    long noWorkSpace,
    long images,
    long imagesCut,
    long imagesExpired,
    long malformedChunks,
    long unlisted,
    long crowdedOut,
    Map<String, Long> missed) {

  /** Copies the map. */
  public SensorStatistics {
    missed = Map.copyOf(missed);
  }

  /**
   * The account of a lane: seen = delivered + suppressed + ringFull + malformed + missing + unread
   * + pending.
   *
   * @param seen records that the programs wanted to send by it
   * @param delivered records that came out of its ring and were decoded
   * @param suppressed records held back by the limit of their user and cgroup, or because the ring
   *     was nearly full
   * @param ringFull records for which the ring had no room
   * @param malformed records that could not be decoded: a fault of Kmodwatch
   * @param gaps records that did not come, by the numbers of later records; no more than {@code
   *     ringFull} unless somebody changes the ring
   * @param missing records that were sent and were not in the ring: it was overwritten, or somebody
   *     kept them from it
   * @param unread records that were left in the ring when the sensor ended, because there were too
   *     many to read
   */
  public record OfLane(
      long seen,
      long delivered,
      long suppressed,
      long ringFull,
      long malformed,
      long gaps,
      long missing,
      long unread) {

    /** Returns the records that never became events, without those held back. */
    public long lost() {
      return ringFull + malformed + missing + unread;
    }

    /** Returns the pending records. */
    public long pending() {
      return seen - delivered - suppressed - lost();
    }
  }

  /** Returns all records that the programs wanted to send. */
  public long seen() {
    return attempts.seen() + loads.seen() + noWorkSpace;
  }

  /** Returns all records that became events. */
  public long delivered() {
    return attempts.delivered() + loads.delivered();
  }

  /** Returns all records held back. */
  public long suppressed() {
    return attempts.suppressed() + loads.suppressed();
  }

  /** Returns all records that never became events, without those held back. */
  public long lost() {
    return attempts.lost() + loads.lost() + noWorkSpace;
  }

  /** Returns all pending records. */
  public long pending() {
    return attempts.pending() + loads.pending();
  }
}
