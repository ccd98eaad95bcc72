package org.kmodwatch.sensor;

/**
 * What programs that were pinned by another version, or with another size of the image buffer,
 * still kept as they were replaced, and nobody will read.
 *
 * @param records how many records, some of which may have been told of; 0 if that is not known
 * @param detail for a person
 */
public record LeftBehind(long records, String detail) {}
