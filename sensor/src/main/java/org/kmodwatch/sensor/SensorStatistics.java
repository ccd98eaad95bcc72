package org.kmodwatch.sensor;

import java.util.Map;

/**
 * The sensor's account: every record that a program wanted to send was delivered, held back, or is
 * counted as lost, by reason; or it is still on its way.
 *
 * @param attempts the lane of attempts
 * @param loads the lane of what the kernel accepted
 * @param noWorkSpace records for which no work space was free in the kernel, in no lane
 * @param images images of modules that the programs wanted to send
 * @param imagesCut those of which not every byte found room
 * @param imagesExpired those that were let go since nothing told of them for a minute, or to make
 *     room
 * @param malformedChunks pieces of images that could not be read: a fault of ours
 * @param unlisted calls held back that found no room in the list of what was held back
 * @param crowdedOut calls whose entry found no work space: they are seen from a later hook on
 * @param missed by hook, how often the kernel did not run its program; hooks without are left out
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
   * @param suppressed records held back by the limit of their user and cgroup, or since the ring
   *     was nearly full
   * @param ringFull records for which the ring had no room
   * @param malformed records that could not be decoded: a fault of ours
   * @param gaps records that must have been sent, by the numbers of those that came, and did not
   *     come; no more than {@code ringFull} unless somebody meddles with the ring
   * @param missing records that were sent and were not in the ring: it was written over, or
   *     somebody kept them from it
   * @param unread records that were left in the ring when the sensor ended, since there were too
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

    /** Records that never became events, and not because they were held back. */
    public long lost() {
      return ringFull + malformed + missing + unread;
    }

    /** Records that are on their way. */
    public long pending() {
      return seen - delivered - suppressed - lost();
    }
  }

  /** All records that the programs wanted to send. */
  public long seen() {
    return attempts.seen() + loads.seen() + noWorkSpace;
  }

  /** All records that became events. */
  public long delivered() {
    return attempts.delivered() + loads.delivered();
  }

  /** All records held back. */
  public long suppressed() {
    return attempts.suppressed() + loads.suppressed();
  }

  /** All records that never became events, and not because they were held back. */
  public long lost() {
    return attempts.lost() + loads.lost() + noWorkSpace;
  }

  /** All records that are on their way. */
  public long pending() {
    return attempts.pending() + loads.pending();
  }
}
