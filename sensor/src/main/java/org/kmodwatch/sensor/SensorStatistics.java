package org.kmodwatch.sensor;

/**
 * The sensor's account: every record that a program wanted to send was delivered or is counted as
 * lost, by reason.
 *
 * @param seen records that the programs wanted to send
 * @param delivered records that came out of the ring and were decoded
 * @param lostRingFull records for which the ring had no room
 * @param lostNoScratch records for which no work space was free in the kernel
 * @param malformed records or chunks that could not be decoded: a fault of ours
 * @param images images of modules that the programs wanted to send
 * @param imagesCut those of which not every byte found room
 */
public record SensorStatistics(
    long seen,
    long delivered,
    long lostRingFull,
    long lostNoScratch,
    long malformed,
    long images,
    long imagesCut) {}
