package org.kmodwatch.sensor;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The options of the sensor.
 *
 * @param imageBufferBytes the kernel's memory for images of modules on their way to user space: a
 *     power of two of at least {@link #MIN_IMAGE_BUFFER_BYTES}, or 0 for no images
 * @param images reads the images
 * @param pins the folder of the BPF file system in which programs, maps and rings outlive this
 *     process; null if they end with it
 * @param keeper keeps the state that a pinned sensor must find again
 */
public record SensorOptions(
    int imageBufferBytes, ImageReader images, @Nullable Path pins, PinKeeper keeper) {

  /**
   * The default size: room for any module of up to 64 MiB, and for a burst of hundreds of ordinary
   * ones.
   */
  public static final int DEFAULT_IMAGE_BUFFER_BYTES = 64 << 20;

  /** The smallest size. A smaller buffer would have room for hardly any module. */
  public static final int MIN_IMAGE_BUFFER_BYTES = 1 << 20;

  /** The largest size for which both the kernel's ring buffers and Java's buffers have room. */
  public static final int MAX_IMAGE_BUFFER_BYTES = 512 << 20;

  /** The options that are used by default. */
  public static final SensorOptions DEFAULT =
      new SensorOptions(DEFAULT_IMAGE_BUFFER_BYTES, ImageReader.NONE, null, PinKeeper.NONE);

  /**
   * Checks the size.
   *
   * @throws IllegalArgumentException if the kernel does not accept the size
   */
  public SensorOptions {
    checkedBufferBytes(imageBufferBytes);
  }

  /**
   * Returns {@code bytes}, if a buffer for images can have that size.
   *
   * @throws IllegalArgumentException if the kernel does not accept the size
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
