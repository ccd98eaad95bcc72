package org.kmodwatch.core.read;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.core.event.SensorContext.FileTrait;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.testing.EventBuilder;
import org.kmodwatch.core.write.EventWriter;

@NullMarked
class FileIdentityFormTest {

  @Test
  void traits_areReadAsTheyWereWritten() {
    var all = new FileIdentity("/memfd:x", 1, -1, 3, Set.of(FileTrait.values()), true);
    var none = new FileIdentity("/tmp/x.ko", 1, 2, 3);

    assertThat(readAgain(all)).isEqualTo(all);
    assertThat(readAgain(none)).isEqualTo(none);
  }

  @Test
  void nameThatEndsAsTheMarkOfADeletedFile_isReadAsItWasWritten() {
    var there = new FileIdentity("/tmp/x.ko (deleted)", 1, 2, 3);
    var gone = new FileIdentity("/x (deleted)", 1, 2, 3, Set.of(FileTrait.DELETED), null);

    assertThat(readAgain(there)).isEqualTo(there);
    assertThat(readAgain(gone)).isEqualTo(gone);
  }

  @Test
  void markInThePath_isThatOfAnEarlierVersion_whichHadNoOther() {
    assertThat(read("{\"path\":\"/tmp/x.ko (deleted)\"}"))
        .isEqualTo(new FileIdentity("/tmp/x.ko", 0, 0, 0, Set.of(FileTrait.DELETED), null));
    assertThat(read("{\"path\":\"/memfd:x (deleted)\"}"))
        .isEqualTo(
            new FileIdentity(
                "/memfd:x", 0, 0, 0, Set.of(FileTrait.DELETED, FileTrait.ANONYMOUS), null));
    assertThat(read("{\"path\":\"…/d/x.ko\"}"))
        .isEqualTo(new FileIdentity("…/d/x.ko", 0, 0, 0, Set.of(FileTrait.CUT), null));
  }

  private static @Nullable FileIdentity readAgain(FileIdentity file) {
    var context = new SensorContext(1, 2, false, file, null, false, null, null);
    Event event = SensorContexts.with(EventBuilder.named("e", null), context);
    return fileOf(new String(new EventWriter().toBytes(event), UTF_8));
  }

  private static @Nullable FileIdentity read(String file) {
    return fileOf(
        "{\"timestamp\":1,\"eventName\":\"e\",\"args\":[],\"kmodwatch\":{\"file\":"
            + file
            + "}}\n");
  }

  private static @Nullable FileIdentity fileOf(String line) {
    Reading reading = Reading.of(line);
    assertThat(reading.badLines()).isEmpty();
    return SensorContexts.of(reading.events().getFirst()).orElseThrow().file();
  }
}
