package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ModuleTableTest {

  private static final long BOOT_TO_EPOCH_NANOS = 1_795_377_600_000_000_000L;

  @Test
  void module_hasWhatTheEntryHas_andTheIdOfItsLoadRecord() {
    ByteBuffer value =
        entry("dummy")
            .putLong(LoadedLayout.LOADED_NANOS, 9_000)
            .putLong(LoadedLayout.CALL_TIME_NANOS, 5_000)
            .putLong(LoadedLayout.BASE, 0xffffffffc0415000L)
            .putLong(LoadedLayout.TAINTS, 12_288)
            .putInt(LoadedLayout.PROGRESS, LoadedLayout.RETURNED)
            .putInt(LoadedLayout.SIZE, 12_288)
            .putInt(LoadedLayout.HOST_TID, 4242);

    assertThat(ModuleTable.module(0xffffffffc0417000L, value, time -> BOOT_TO_EPOCH_NANOS))
        .isEqualTo(
            new LoadedModule(
                0xffffffffc0417000L,
                9_000,
                Long.toHexString(BOOT_TO_EPOCH_NANOS + 5_000) + "-1092",
                4242,
                "dummy",
                "dummy",
                0xffffffffc0415000L,
                12_288,
                12_288,
                LoadedModule.Progress.RETURNED));
  }

  @Test
  void rawName_hasEachByteAsACharacter() {
    LoadedModule module = ModuleTable.module(0, entry("a\n\u00ff/b"), time -> 0);

    assertThat(module.rawName()).isEqualTo("a\n\u00ff/b");
    assertThat(module.name()).isEqualTo("a\n\\xff/b");
  }

  @Test
  void name_mayTakeAllTheRoomThereIs() {
    String name = "x".repeat(LoadedLayout.NAME_BYTES);

    assertThat(ModuleTable.module(0, entry(name), time -> 0).rawName()).isEqualTo(name);
  }

  @Test
  void text_hasNoAddress() {
    ByteBuffer value = entry("dummy").putLong(LoadedLayout.BASE, 0xffffffffc0415000L);

    assertThat(ModuleTable.module(0xffffffffc0417000L, value, time -> 0).toString())
        .isEqualTo("LoadedModule[name=dummy, attemptId=0-0, progress=IN_CALL]");
  }

  private static ByteBuffer entry(String rawName) {
    byte[] name = rawName.getBytes(StandardCharsets.ISO_8859_1);
    return ByteBuffer.allocate(LoadedLayout.VALUE_BYTES)
        .order(ByteOrder.nativeOrder())
        .put(LoadedLayout.NAME, name);
  }
}
