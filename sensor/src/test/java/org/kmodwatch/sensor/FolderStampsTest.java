package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderStampsTest {

  private static final long SECOND = 1_000_000_000L;

  @TempDir Path root;
  private Path folder = Path.of("");
  private FolderStamps stamps = new FolderStamps(List.of());

  @BeforeEach
  void folder() throws IOException {
    folder = Files.createDirectories(root.resolve("set/links"));
    Files.createFile(folder.resolve("one"));
    stamps = new FolderStamps(List.of(root.resolve("set"), folder));
    // Waits for a step of the kernel's clock, so that the test's next action has another time.
    LockSupport.parkNanos(50_000_000);
  }

  @Test
  void namesAreLookedAt_untilTheFolderWasTheSameForLongerThanAStepOfTheClock() {
    assertThat(stamps.mayDiffer(0)).isTrue();
    stamps.foundAllWell(0);
    assertThat(stamps.mayDiffer(SECOND)).isTrue();
    stamps.foundAllWell(SECOND);

    assertThat(stamps.mayDiffer(2 * SECOND)).isFalse();
    assertThat(stamps.mayDiffer(10 * SECOND)).isFalse();
  }

  @Test
  void namesAreLookedAt_everyTenSeconds_whateverTheFolderSays() {
    settle();

    assertThat(stamps.mayDiffer(10 * SECOND)).isFalse();
    assertThat(stamps.mayDiffer(11 * SECOND)).isTrue();
    stamps.foundAllWell(11 * SECOND);
    assertThat(stamps.mayDiffer(12 * SECOND)).isFalse();
  }

  @Test
  void namesAreLookedAt_whenOneWasRemoved() throws Exception {
    settle();
    Files.delete(folder.resolve("one"));

    assertDiffersUntilLookedAt();
  }

  @Test
  void namesAreLookedAt_whenOneStandsForSomethingElse() throws Exception {
    settle();
    Path other = Files.createFile(root.resolve("other"));
    Files.move(other, folder.resolve("one"), StandardCopyOption.REPLACE_EXISTING);

    assertDiffersUntilLookedAt();
  }

  @Test
  void namesAreLookedAt_whenTheFolderIsAnother() throws Exception {
    settle();
    Files.move(folder, root.resolve("away"));
    Files.createDirectory(folder);

    assertDiffersUntilLookedAt();
  }

  @Test
  void namesAreLookedAtEachTime_whileTheFolderIsGone() throws Exception {
    settle();
    Files.move(root.resolve("set"), root.resolve("away"));

    for (int second = 2; second < 5; second++) {
      assertThat(stamps.mayDiffer(second * SECOND)).isTrue();
      stamps.foundAllWell(second * SECOND);
    }
  }

  private void settle() {
    for (int second = 0; second < 2; second++) {
      assertThat(stamps.mayDiffer(second * SECOND)).isTrue();
      stamps.foundAllWell(second * SECOND);
    }
  }

  private void assertDiffersUntilLookedAt() {
    assertThat(stamps.mayDiffer(2 * SECOND)).isTrue();
    assertThat(stamps.mayDiffer(3 * SECOND)).as("nobody found that all is well").isTrue();
    stamps.foundAllWell(3 * SECOND);
    assertThat(stamps.mayDiffer(4 * SECOND)).isFalse();
  }
}
