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
 * Assembles images from their chunks, and hashes them.
 *
 * <p>An image only counts as whole if this is proved: every chunk came exactly once, and together
 * they have the size that the kernel has for the image. The chunks of an image may arrive out of
 * order, because there are two rings.
 *
 * <p>An image is dropped when it is {@link #use used}, or when the programs send that no record
 * will report it. If that message was lost, the image is dropped later: when a later image of its
 * thread is reported, when it has {@link #expire waited too long}, or when there are too many. The
 * bytes of all images together are bounded. A new image takes the room of images that have waited
 * for a while. If there are none, it is hashed on arrival, if its chunks are in order, and not
 * kept.
 *
 * <p>A kept image is hashed when it is whole, and not chunk by chunk. The kernel and the agent copy
 * at about the same speed, but hashing is slower. A chunk that waits to be hashed would take room
 * in the ring from the kernel.
 */
final class ImageAssembler implements AutoCloseable {

  /**
   * The number of images that are assembled at the same time. The chunks of all attempts whose
   * events are still in the ring are read before them.
   */
  static final int MAX_OPEN = 4096;

  /** The number of their bytes that are kept. */
  static final long MAX_BYTES = 160L << 20;

  /** The time within which an image is reported, unless its call is delayed: a minute. */
  static final long MAX_WAIT_NANOS = 60_000_000_000L;

  /** The time after which another image may take the room. */
  static final long IDLE_NANOS = 5_000_000_000L;

  private final long maxBytes;

  /**
   * The attempts of each thread in their order. Attempts before the last reported one are removed.
   */
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
   * Adds a chunk.
   *
   * @param chunk a chunk from its position to its limit, in the machine's byte order
   * @param nowNanos the time, by the clock of {@link #expire}
   * @throws IllegalArgumentException if it is not a valid chunk
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

  /** Marks the image of the last chunk as not whole: the chunk's bytes were overwritten. */
  void spoilLast() {
    if (last != null) {
      last.broken = true;
    }
  }

  /** Drops the images of an attempt, because no record will report them. */
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
   * Drops images that have waited too long for a report.
   *
   * @param seenUpToNanos the time up to which all records have been emitted. So an image is never
   *     dropped before its record, even if the reader is far behind
   */
  void expire(long seenUpToNanos) {
    this.seenUpToNanos = seenUpToNanos;
    release(MAX_WAIT_NANOS, Long.MAX_VALUE);
  }

  /** Returns how many attempts' images were dropped because they waited too long. */
  long expired() {
    return expired;
  }

  /** Returns how many bytes are kept. */
  long keptBytes() {
    return keptBytes;
  }

  /** Drops the oldest images that have waited for {@code nanos}, until {@code bytes} are free. */
  private void release(long nanos, long bytes) {
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
   * Creates an event with the image of an attempt, and drops the image.
   *
   * @param sizeBytes the size of the image that the kernel got; perhaps no chunk of it arrived
   */
  Event use(int hostTid, long callTimeNanos, long sizeBytes, Function<CapturedImage, Event> maker) {
    Attempt attempt = take(hostTid, callTimeNanos);
    if (attempt == null) {
      return maker.apply(new CapturedImage(new CapturedImage.Bytes(sizeBytes, null, null), null));
    }
    try {
      Image passed = attempt.images[ChunkLayout.HANDED_OVER];
      Image decompressed = attempt.images[ChunkLayout.DECOMPRESSED];
      return maker.apply(
          new CapturedImage(
              passed == null ? new CapturedImage.Bytes(sizeBytes, null, null) : passed.captured(),
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

  /** Removes an attempt. Drops the earlier, unreported attempts of its thread. */
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

  /** Removes the first attempt of the thread that has waited longest. */
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
      release(IDLE_NANOS, sizeBytes);
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
