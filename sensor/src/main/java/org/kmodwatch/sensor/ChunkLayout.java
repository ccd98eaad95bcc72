package org.kmodwatch.sensor;

/**
 * Where each field of a chunk stands: {@code struct kw_chunk} of {@code record.h}, in bytes.
 * RecordLayoutTest holds it against the BTF of the object file.
 */
final class ChunkLayout {

  static final int CALL_TIME_NANOS = 0;
  static final int SIZE = 8;
  static final int OFFSET = 16;
  static final int HOST_TID = 24;
  static final int LEN = 28;
  static final int KIND = 32;
  static final int RESERVED = 36;
  static final int DATA = 40;

  /** KW_CHUNK_BYTES: how much of an image a chunk holds, unless it is the image's last. */
  static final int BYTES = 32 << 10;

  /** KW_IMAGE_REST_BYTES. */
  static final int REST_RING_BYTES = 1 << 20;

  /** enum kw_image_kind. */
  static final int HANDED_OVER = 0;

  static final int DECOMPRESSED = 1;
  static final int IMAGE_KINDS = 2;

  /** No image but a canary, whose flags are the offset. */
  static final int NO_IMAGE = 3;

  /** No image: no record will tell of the attempt's images. */
  static final int FORGET_IMAGES = 4;

  private ChunkLayout() {}
}
