package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.PinnedPrograms;
import org.kmodwatch.sensor.kernel.Pins;
import org.kmodwatch.sensor.kernel.RingBuffer;

/**
 * The rings of a set of pins that others have replaced. Its programs are detached, and their
 * records are read once, to the end. Read records stay in the rings until {@link #commit}.
 */
final class LeftRings implements AutoCloseable {

  private final PinnedPrograms maps;
  private final @Nullable RingBuffer attempts;
  private final @Nullable RingBuffer loads;
  private final List<RingBuffer> images = new ArrayList<>();
  private final LaneReader.Account account = new LaneReader.Account();
  private final List<String> unreadable = new ArrayList<>();
  private final @Nullable LaneReader lanes;
  private boolean read;

  private LeftRings(PinnedPrograms maps) {
    this.maps = maps;
    this.attempts = ring("ring_attempts");
    this.loads = ring("ring_loads");
    this.lanes = attempts == null || loads == null ? null : new LaneReader(attempts, loads);
    for (String name : List.of("images", "images_rest")) {
      RingBuffer image = ring(name);
      if (image != null) {
        images.add(image);
      }
    }
  }

  /**
   * Opens the rings that can be opened.
   *
   * @param folder the folder of the set
   * @param listed the pins that were made there; a ring that was replaced since is not read
   */
  static LeftRings open(LibBpf lib, Path folder, PinList listed) {
    return new LeftRings(
        PinnedPrograms.open(
            lib,
            folder,
            listed.pins().stream().filter(pin -> pin.name().startsWith(Pins.MAPS)).toList()));
  }

  /** Returns the names of the rings that cannot be read. */
  List<String> unreadable() {
    return List.copyOf(unreadable);
  }

  /** Sets other read positions than those of the rings. */
  void resumeAt(ToLongFunction<String> positions) {
    resume(attempts, positions.applyAsLong("ring_attempts"));
    resume(loads, positions.applyAsLong("ring_loads"));
  }

  private static void resume(@Nullable RingBuffer ring, long position) {
    if (ring != null && position >= 0) {
      long ignored = ring.resumeAt(position);
    }
  }

  /** Returns the account of the records that came from these rings. */
  LaneReader.Account account() {
    return account;
  }

  /**
   * Returns the settings of the clock that the last process knew. Returns an empty list if they
   * cannot be read.
   */
  List<WallClock.Setting> clockSettings() {
    try {
      return new Control(maps).clockSettings();
    } catch (KernelException notThere) {
      return List.of();
    }
  }

  /** Returns whether all records that are there were emitted. */
  boolean isRead() {
    return read;
  }

  /**
   * Emits the records that are there, until all were emitted or the pass is over.
   *
   * @param nowNanos the time, by a clock that only goes forward
   * @param chunks receives the chunks of images, which come first
   * @param records receives records, and owns them
   */
  void read(long nowNanos, Pass pass, ChunkSink chunks, LaneReader.Sink records) {
    if (read) {
      return;
    }
    for (RingBuffer image : images) {
      image.check(nowNanos);
      image.read(chunk -> chunks.accept(image, chunk));
    }
    if (lanes != null) {
      lanes.ring(Lane.ATTEMPTS).check(nowNanos);
      lanes.ring(Lane.LOADS).check(nowNanos);
      read = lanes.read(pass, records) == LaneReader.Progress.ROUND;
    } else {
      read = readOne(nowNanos, attempts, Lane.ATTEMPTS, records);
      read &= readOne(nowNanos, loads, Lane.LOADS, records);
    }
  }

  private static boolean readOne(
      long nowNanos, @Nullable RingBuffer ring, Lane lane, LaneReader.Sink records) {
    if (ring == null) {
      return true;
    }
    ring.check(nowNanos);
    long end = ring.end();
    ring.read(
        Pass.LIMIT_BYTES,
        shown -> {
          ByteBuffer record = LaneReader.copyOf(shown);
          if (ring.isIntact()) {
            records.accept(lane, record);
          }
        });
    return ring.position() >= end;
  }

  /** Returns a mismatch of a ring since the last call, as a text for a person. */
  Optional<String> takeMisfit() {
    return Stream.concat(Stream.of(attempts, loads), images.stream())
        .filter(Objects::nonNull)
        .map(RingBuffer::takeMisfit)
        .flatMap(Optional::stream)
        .reduce((first, second) -> first);
  }

  /** Frees the ring space of all records that were emitted so far. */
  void commit() {
    if (attempts != null) {
      attempts.commit();
    }
    if (loads != null) {
      loads.commit();
    }
    images.forEach(RingBuffer::commit);
  }

  /** Receives chunks of images, in the ring's own memory. */
  interface ChunkSink {
    void accept(RingBuffer ring, ByteBuffer chunk);
  }

  @Override
  public void close() {
    if (attempts != null) {
      attempts.close();
    }
    if (loads != null) {
      loads.close();
    }
    images.forEach(RingBuffer::close);
    maps.close();
  }

  private @Nullable RingBuffer ring(String name) {
    try {
      RingBuffer ring = maps.ringBuffer(name, BpfSensor.WINDOW_BYTES);
      ring.keepUntilCommitted();
      return ring;
    } catch (KernelException e) {
      unreadable.add(name);
      return null;
    }
  }
}
