package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.kernel.JavaDigest;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.NativeBytes;
import org.kmodwatch.sensor.kernel.Sha256;

/**
 * Puts images together again from their chunks, and hashes them.
 *
 * <p>That an image is whole is proved, not taken for granted: every one of its chunks came, once,
 * and together they have the size that the kernel knows the image to have. Chunks of one image may
 * come in another order than they have in it, since there are two rings.
 *
 * <p>An image is let go when it is {@link #use used}, or when the programs say that no record will
 * tell of it. One of which neither comes, since it was lost, goes when a later one of its thread is
 * told of, when it has {@link #expire waited too long}, or when there are too many. The bytes of
 * all images together are bounded; a new image takes the room of those that have waited for a
 * while, and if there are none it is hashed as it comes, if that is in order, and not kept.
 *
 * <p>An image that is kept is hashed when it is whole, and not chunk by chunk: the kernel's copying
 * and ours are of about the same speed, hashing is slower, and a chunk that waits to be hashed is
 * room in the ring that the kernel does not have.
 */
final class ImageAssembler implements AutoCloseable {

  /**
   * How many images are put together at the same time: the chunks of all attempts whose events are
   * still in the ring are read before them.
   */
  static final int MAX_OPEN = 4096;

  /** How many of their bytes are kept. */
  static final long MAX_BYTES = 160L << 20;

  /** What is told of is told within this, unless its call is held up: a minute. */
  static final long MAX_WAIT_NANOS = 60_000_000_000L;

  /** After this another image may have the room. */
  static final long IDLE_NANOS = 5_000_000_000L;

  private final long maxBytes;

  /** The attempts of a thread in their order, none of it before the last that was told of. */
  private final Map<Integer, ArrayDeque<Attempt>> byHostTid = new LinkedHashMap<>();

  private int open;
  private long keptBytes;
  private long expired;
  private long seenUpToNanos;
  private @Nullable Image last;

  ImageAssembler() {
    this(MAX_BYTES);
  }

  ImageAssembler(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Takes a chunk.
   *
   * @param chunk a chunk from its position to its limit, in the machine's byte order
   * @param nowNanos the time, by the clock of {@link #expire}
   * @throws IllegalArgumentException if it is not one of ours
   */
  void add(ByteBuffer chunk, long nowNanos) {
    last = null;
    int start = chunk.position();
    int kind = chunk.getInt(start + ChunkLayout.KIND);
    int length = chunk.getInt(start + ChunkLayout.LEN);
    if (kind < 0 || kind >= ChunkLayout.IMAGE_KINDS) {
      throw new IllegalArgumentException("no such kind of image: kind=" + kind);
    }
    if (length < 0 || length > chunk.remaining() - ChunkLayout.DATA || length > ChunkLayout.BYTES) {
      throw new IllegalArgumentException("a chunk is shorter than it says: len=" + length);
    }
    int hostTid = chunk.getInt(start + ChunkLayout.HOST_TID);
    long callTime = chunk.getLong(start + ChunkLayout.CALL_TIME_NANOS);
    Attempt attempt = attempt(hostTid, callTime);
    attempt.lastChunkNanos = nowNanos;
    Image image = attempt.images[kind];
    if (image == null) {
      image = new Image(chunk.getLong(start + ChunkLayout.SIZE));
      attempt.images[kind] = image;
    }
    ByteBuffer data =
        chunk
            .duplicate()
            .position(start + ChunkLayout.DATA)
            .limit(start + ChunkLayout.DATA + length);
    image.add(chunk.getLong(start + ChunkLayout.OFFSET), data);
    last = image;
  }

  /** The bytes of the last chunk were not what the kernel sent: its image is not whole. */
  void spoilLast() {
    if (last != null) {
      last.broken = true;
    }
  }

  /** Lets the images of an attempt go, of which no record will tell. */
  void forget(int hostTid, long callTimeNanos) {
    ArrayDeque<Attempt> attempts = byHostTid.get(hostTid);
    if (attempts == null) {
      return;
    }
    for (Attempt attempt : attempts) {
      if (attempt.callTimeNanos == callTimeNanos) {
        remove(hostTid, attempts, attempt);
        return;
      }
    }
  }

  /**
   * Lets go of what has waited too long to be told of.
   *
   * @param seenUpToNanos up to when all records have been handed over: however far behind the
   *     reader is, an image does not go before its record
   */
  void expire(long seenUpToNanos) {
    this.seenUpToNanos = seenUpToNanos;
    letGoOf(MAX_WAIT_NANOS, Long.MAX_VALUE);
  }

  /** How many attempts' images were let go since they waited too long. */
  long expired() {
    return expired;
  }

  /** How many bytes are kept. */
  long keptBytes() {
    return keptBytes;
  }

  /** Lets go of the oldest that have waited for {@code nanos}, until {@code bytes} are free. */
  private void letGoOf(long nanos, long bytes) {
    record Waiting(int hostTid, Attempt attempt) {}
    var waiting = new ArrayList<Waiting>();
    byHostTid.forEach(
        (hostTid, attempts) -> {
          for (Attempt attempt : attempts) {
            if (seenUpToNanos - attempt.lastChunkNanos >= nanos) {
              waiting.add(new Waiting(hostTid, attempt));
            }
          }
        });
    waiting.sort(Comparator.comparingLong(each -> each.attempt.lastChunkNanos));
    for (Waiting each : waiting) {
      ArrayDeque<Attempt> attempts = byHostTid.get(each.hostTid);
      if (attempts == null || maxBytes - keptBytes >= bytes) {
        return;
      }
      remove(each.hostTid, attempts, each.attempt);
      expired++;
    }
  }

  private void remove(int hostTid, ArrayDeque<Attempt> attempts, Attempt attempt) {
    attempts.remove(attempt);
    open--;
    if (attempts.isEmpty()) {
      byHostTid.remove(hostTid);
    }
    attempt.release();
  }

  /**
   * Makes an event with the image of an attempt, and lets the image go.
   *
   * @param sizeBytes the size of what the kernel was handed, of which no chunk may have come
   */
  Event use(int hostTid, long callTimeNanos, long sizeBytes, Function<CapturedImage, Event> maker) {
    Attempt attempt = take(hostTid, callTimeNanos);
    if (attempt == null) {
      return maker.apply(new CapturedImage(new CapturedImage.Bytes(sizeBytes, null, null), null));
    }
    try {
      Image handedOver = attempt.images[ChunkLayout.HANDED_OVER];
      Image decompressed = attempt.images[ChunkLayout.DECOMPRESSED];
      return maker.apply(
          new CapturedImage(
              handedOver == null
                  ? new CapturedImage.Bytes(sizeBytes, null, null)
                  : handedOver.captured(),
              decompressed == null ? null : decompressed.captured()));
    } finally {
      attempt.release();
    }
  }

  @Override
  public void close() {
    byHostTid.values().forEach(attempts -> attempts.forEach(Attempt::release));
    byHostTid.clear();
  }

  private Attempt attempt(int hostTid, long callTimeNanos) {
    ArrayDeque<Attempt> attempts = byHostTid.get(hostTid);
    Attempt last = attempts == null ? null : attempts.getLast();
    if (last != null && last.callTimeNanos == callTimeNanos) {
      return last;
    }
    if (open == MAX_OPEN) {
      forgetOldest();
    }
    var attempt = new Attempt(callTimeNanos);
    byHostTid.computeIfAbsent(hostTid, tid -> new ArrayDeque<>()).addLast(attempt);
    open++;
    return attempt;
  }

  /** Takes out an attempt, and lets go of those of its thread that nobody told of before it. */
  private @Nullable Attempt take(int hostTid, long callTimeNanos) {
    ArrayDeque<Attempt> attempts = byHostTid.get(hostTid);
    while (attempts != null
        && !attempts.isEmpty()
        && attempts.getFirst().callTimeNanos <= callTimeNanos) {
      Attempt attempt = removeFirst(hostTid, attempts);
      if (attempt.callTimeNanos == callTimeNanos) {
        return attempt;
      }
      attempt.release();
    }
    return null;
  }

  /** The first of the thread that has been waiting for longest. */
  private void forgetOldest() {
    int hostTid = byHostTid.keySet().iterator().next();
    ArrayDeque<Attempt> attempts = byHostTid.get(hostTid);
    if (attempts != null) {
      removeFirst(hostTid, attempts).release();
    }
  }

  private Attempt removeFirst(int hostTid, ArrayDeque<Attempt> attempts) {
    Attempt attempt = attempts.removeFirst();
    open--;
    if (attempts.isEmpty()) {
      byHostTid.remove(hostTid);
    }
    return attempt;
  }

  private static final class Attempt {
    final long callTimeNanos;
    long lastChunkNanos;
    final @Nullable Image[] images = new @Nullable Image[ChunkLayout.IMAGE_KINDS];

    Attempt(long callTimeNanos) {
      this.callTimeNanos = callTimeNanos;
    }

    void release() {
      for (Image image : images) {
        if (image != null) {
          image.release();
        }
      }
    }
  }

  private final class Image {
    private final long sizeBytes;
    private final @Nullable MessageDigest digest;
    private final @Nullable NativeBytes bytes;
    private final BitSet chunks = new BitSet();
    private long received;
    private boolean broken;

    Image(long sizeBytes) {
      this.sizeBytes = sizeBytes;
      this.bytes = room(sizeBytes);
      this.digest = bytes == null ? JavaDigest.start("SHA-256") : null;
      if (bytes != null) {
        keptBytes += sizeBytes;
      }
    }

    void add(long offset, ByteBuffer data) {
      long number = offset / ChunkLayout.BYTES;
      if (offset < 0
          || offset % ChunkLayout.BYTES != 0
          || data.remaining() != Math.min(ChunkLayout.BYTES, sizeBytes - offset)
          || chunks.get((int) number)
          || (bytes == null && offset != received)) {
        broken = true;
      }
      if (broken) {
        return;
      }
      chunks.set((int) number);
      received += data.remaining();
      if (bytes != null) {
        bytes.put(offset, data);
      } else if (digest != null) {
        JavaDigest.update(digest, data);
      }
    }

    CapturedImage.Bytes captured() {
      if (broken || received != sizeBytes) {
        return new CapturedImage.Bytes(sizeBytes, null, null);
      }
      if (bytes != null) {
        ByteBuffer all = bytes.bytes();
        return new CapturedImage.Bytes(sizeBytes, HexFormat.of().formatHex(Sha256.of(all)), all);
      }
      return new CapturedImage.Bytes(
          sizeBytes, digest == null ? null : HexFormat.of().formatHex(digest.digest()), null);
    }

    void release() {
      if (bytes != null) {
        bytes.close();
        keptBytes -= sizeBytes;
      }
    }
  }

  private @Nullable NativeBytes room(long sizeBytes) {
    if (sizeBytes <= 0 || sizeBytes > maxBytes) {
      return null;
    }
    if (sizeBytes > maxBytes - keptBytes) {
      letGoOf(IDLE_NANOS, sizeBytes);
    }
    if (sizeBytes > maxBytes - keptBytes) {
      return null;
    }
    try {
      return new NativeBytes(sizeBytes);
    } catch (KernelException noMemory) {
      return null;
    }
  }
}
