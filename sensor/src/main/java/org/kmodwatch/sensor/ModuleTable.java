package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.function.LongUnaryOperator;
import org.kmodwatch.sensor.kernel.BpfMap;
import org.kmodwatch.sensor.kernel.BpfMaps;

/** Reads the list of loaded modules that the programs keep. */
final class ModuleTable implements LoadedModules {

  private static final byte[] ONLY = new byte[Integer.BYTES];

  private final BpfMap loaded;
  private final BpfMap changes;
  private final LongUnaryOperator bootToEpochNanosAt;

  /**
   * Opens the list.
   *
   * @param bootToEpochNanosAt returns the difference between epoch and boot time at a given time,
   *     for the id of a call
   */
  ModuleTable(BpfMaps maps, LongUnaryOperator bootToEpochNanosAt) {
    this.loaded = maps.map("loaded", LoadedLayout.KEY_BYTES, LoadedLayout.VALUE_BYTES);
    this.changes = maps.map("loaded_changes", Integer.BYTES, LoadedLayout.CHANGES_BYTES);
    this.bootToEpochNanosAt = bootToEpochNanosAt;
  }

  @Override
  public long changes() {
    return changes.get(ONLY).getLong(LoadedLayout.CHANGES);
  }

  @Override
  public long unlisted() {
    return changes.get(ONLY).getLong(LoadedLayout.UNLISTED);
  }

  @Override
  public Contents read() {
    var modules = new ArrayList<LoadedModule>();
    var gone = new ArrayList<String>();
    loaded.forEach(
        (key, value) -> {
          if (value.getInt(LoadedLayout.PROGRESS) == LoadedLayout.GONE) {
            gone.add(rawName(value));
            var taken = new byte[LoadedLayout.KEY_BYTES];
            key.get(0, taken);
            loaded.remove(taken);
          } else {
            modules.add(module(key.getLong(0), value, bootToEpochNanosAt));
          }
        });
    return new Contents(modules, gone);
  }

  /** Returns the module of an entry of the list. */
  static LoadedModule module(long address, ByteBuffer value, LongUnaryOperator bootToEpochNanosAt) {
    long callTime = value.getLong(LoadedLayout.CALL_TIME_NANOS);
    int hostTid = value.getInt(LoadedLayout.HOST_TID);
    return new LoadedModule(
        address,
        value.getLong(LoadedLayout.LOADED_NANOS),
        Long.toHexString(bootToEpochNanosAt.applyAsLong(callTime) + callTime)
            + "-"
            + Integer.toHexString(hostTid),
        hostTid,
        KernelStrings.decodeTerminated(value, LoadedLayout.NAME, LoadedLayout.NAME_BYTES),
        rawName(value),
        value.getLong(LoadedLayout.BASE),
        Integer.toUnsignedLong(value.getInt(LoadedLayout.SIZE)),
        value.getLong(LoadedLayout.TAINTS),
        switch (value.getInt(LoadedLayout.PROGRESS)) {
          case LoadedLayout.IN_CALL -> LoadedModule.Progress.IN_CALL;
          case LoadedLayout.RETURNED -> LoadedModule.Progress.RETURNED;
          default -> LoadedModule.Progress.RETURN_MAY_NOT_BE_SEEN;
        });
  }

  private static String rawName(ByteBuffer value) {
    var bytes = new byte[LoadedLayout.NAME_BYTES];
    value.get(LoadedLayout.NAME, bytes);
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.ISO_8859_1);
  }
}
