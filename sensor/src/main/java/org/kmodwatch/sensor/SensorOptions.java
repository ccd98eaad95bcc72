package org.kmodwatch.sensor;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How the sensor is to be set up.
 *
 * @param imageBufferBytes how much memory the kernel sets aside for images of modules on their way
 *     to user space: a power of two of at least {@link #MIN_IMAGE_BUFFER_BYTES}, or 0 for no images
 * @param images looks at the images
 * @param pins folder of the BPF file system in which programs, maps and rings outlive this process;
 *     null if they are to end with it
 * @param keeper keeps what a pinned sensor must find again
 */
public record SensorOptions(
    int imageBufferBytes, ImageReader images, @Nullable Path pins, PinKeeper keeper) {

  /** Room for any module of up to 64 MiB, and for a burst of hundreds of ordinary ones. */
  public static final int DEFAULT_IMAGE_BUFFER_BYTES = 64 << 20;

  /** Less than this would take hardly any module. */
  public static final int MIN_IMAGE_BUFFER_BYTES = 1 << 20;

  /** As much as the kernel's ring buffers and Java's buffers have room for together. */
  public static final int MAX_IMAGE_BUFFER_BYTES = 512 << 20;

  /** What is used where nothing else is asked for. */
  public static final SensorOptions DEFAULT =
      new SensorOptions(DEFAULT_IMAGE_BUFFER_BYTES, ImageReader.NONE, null, PinKeeper.NONE);

  /**
   * Checks the size.
   *
   * @throws IllegalArgumentException if it is not one that the kernel takes
   */
  public SensorOptions {
    checkedBufferBytes(imageBufferBytes);
  }

  /**
   * {@code bytes}, if a buffer for images can be of that size.
   *
   * @throws IllegalArgumentException if it is not one that the kernel takes
   */
  public static int checkedBufferBytes(long bytes) {
    if (bytes != 0
        && (Long.bitCount(bytes) != 1
            || bytes < MIN_IMAGE_BUFFER_BYTES
            || bytes > MAX_IMAGE_BUFFER_BYTES)) {
      throw new IllegalArgumentException(
          "the image buffer must be 0, or a power of two from 1 MiB to 512 MiB: bytes=" + bytes);
    }
    return (int) bytes;
  }
}
