package org.kmodwatch.sensor;

/**
 * The offset of each field of a chunk: {@code struct kw_chunk} of {@code record.h}, in bytes.
 * RecordLayoutTest compares it with the BTF of the object file.
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

  /** KW_CHUNK_BYTES: the bytes of an image in a chunk, unless it is the image's last. */
  static final int BYTES = 32 << 10;

  /** KW_IMAGE_REST_BYTES. */
  static final int REST_RING_BYTES = 1 << 20;

  /** enum kw_image_kind. */
  static final int HANDED_OVER = 0;

  static final int DECOMPRESSED = 1;
  static final int IMAGE_KINDS = 2;

  /** The chunk is a canary and has no image. Its offset has the flags. */
  static final int NO_IMAGE = 3;

  /** The chunk has no image: no record will report the attempt's images. */
  static final int FORGET_IMAGES = 4;

  private ChunkLayout() {}
}
