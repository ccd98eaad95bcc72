package org.kmodwatch.sensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {

  @TempDir Path folder;

  @Test
  void tryLock_isRefused_whileSomebodyHoldsIt() {
    try (FolderLock _ = FolderLock.tryLock(folder).orElseThrow()) {
      assertThat(FolderLock.tryLock(folder)).isEmpty();
    }
    try (FolderLock again = FolderLock.tryLock(folder).orElseThrow()) {
      assertThat(again).isNotNull();
    }
  }

  @Test
  void holder_isThisProcess_ifItHoldsTheLock() {
    try (FolderLock _ = FolderLock.tryLock(folder).orElseThrow()) {
      assertThat(FolderLock.holder(folder))
          .get()
          .asString()
          .startsWith(ProcessHandle.current().pid() + " (");
    }
    assertThat(FolderLock.holder(folder)).isEmpty();
  }

  @Test
  void holder_isFoundByInode_amongLocksOfOtherKinds() {
    List<String> locks =
        List.of(
            "1: POSIX  ADVISORY  WRITE 17 00:1a:42 0 EOF",
            "2: FLOCK  ADVISORY  WRITE 18 00:1a:142 0 EOF",
            "3: -> FLOCK  ADVISORY  WRITE 19 00:1a:42 0 EOF",
            "3: FLOCK  ADVISORY  READ 20 00:1a:42 0 EOF",
            "4: FLOCK  ADVISORY  WRITE 21 00:1a:42 0 EOF");
    assertThat(FolderLock.holder(locks, ":42")).contains("21");
  }

  @Test
  void tryLock_saysWhy_whereThereIsNoFolder() {
    Path none = folder.resolve("none");
    assertThatThrownBy(() -> FolderLock.tryLock(none))
        .isInstanceOf(KernelException.class)
        .hasMessage(
            "the folder cannot be opened: " + none + ": No such file or directory (errno=2)");
  }
}
