package org.kmodwatch.sensor;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.kmodwatch.sensor.kernel.BpfMaps;

/**
 * The map with the list of the pins of its set, {@code struct kw_pinned} of {@code record.h}. It is
 * written once and then frozen, so that even root cannot change the list by bpf(2).
 */
final class PinListMap {

  static final String NAME = "pinned";

  /** KW_PINNED_BYTES. RecordLayoutTest compares it with the object file. */
  static final int BYTES = 64 << 10;

  private static final int VALUE_BYTES = BYTES + Long.BYTES;

  private static final byte[] KEY = new byte[Integer.BYTES];

  private PinListMap() {}

  static void write(BpfMaps maps, PinList list) {
    byte[] text = list.text().getBytes(StandardCharsets.US_ASCII);
    if (text.length >= BYTES) {
      throw new IllegalStateException("the list of pins is too long: bytes=" + text.length);
    }
    maps.map(NAME, Integer.BYTES, VALUE_BYTES).put(KEY, Arrays.copyOf(text, VALUE_BYTES));
    maps.freeze(NAME);
  }

  /**
   * Reads the list.
   *
   * @return the list; empty if the map contains no list
   * @throws org.kmodwatch.sensor.kernel.KernelException if there is no such map
   */
  static Optional<PinList> read(BpfMaps maps) {
    var bytes = new byte[VALUE_BYTES];
    maps.map(NAME, Integer.BYTES, VALUE_BYTES).get(KEY).get(bytes);
    String text = new String(bytes, StandardCharsets.US_ASCII);
    int end = text.indexOf('\0');
    return PinList.parse(end < 0 ? text : text.substring(0, end));
  }
}
