package org.kmodwatch.core.read;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.scan.Block;
import org.kmodwatch.core.scan.LineBlocks;
import org.kmodwatch.core.scan.NameSearch;
import org.kmodwatch.core.scan.ReadOptions;

/** Tests recordings that mix all forms, line by line: no way of reading loses a form. */
@NullMarked
class MixedFormsTest {

  private static final ReadOptions WANTED = ReadOptions.of(LoadTracker.EVENT_NAMES);

  private static final String TRACEE =
      "{\"timestamp\":%d,\"eventName\":\"%s\",\"args\":[],\"hostName\":\"%s\"}";

  private final List<String> lines = new ArrayList<>();

  /** Counts the calls on modules among the lines. */
  private int calls;

  @Test
  void wantedLines_areAllFound_whateverStandsBetween() {
    for (long seed = 1; seed <= 40; seed++) {
      var random = new Random(seed);
      lines.clear();
      calls = 0;
      for (int i = 0; i < 300; i++) {
        add(random, i);
      }
      String text = String.join("\n", lines) + "\n";
      Reading wanted = Reading.joined(text, WANTED);
      Reading every = Reading.joined(text, WANTED.withEveryLine());

      assertThat(wanted.badLines()).as("seed=%d", seed).isEmpty();
      assertThat(wanted.events()).as("seed=%d", seed).isEqualTo(every.events());
      assertThat(wanted.events().stream().filter(MixedFormsTest::isCall))
          .as("seed=%d", seed)
          .hasSize(calls);
      assertThat(wanted.statistics().lines()).isEqualTo(lines.size());
    }
  }

  /** Adds a random line or event; in a third of cases it is a call on a module. */
  private void add(Random random, int i) {
    boolean matters = random.nextInt(3) == 0;
    switch (random.nextInt(5)) {
      case 0 -> one(TRACEE.formatted(i, matters ? "init_module" : "openat", "h"), matters);
      case 1 ->
          one(
              "{\"timestamp\":\"2026-08-01T12:00:00.%03dZ\",\"name\":\"%s\",\"workload\":{},\"data\":[]}"
                  .formatted(i % 1000, matters ? "finit_module" : "openat"),
              matters);
      case 2 ->
          one(
              ("{\"ID\":\"1785585600.%03d:%d\",\"SYSCALL\":{\"arch\":\"0xc000003e\",\"syscall\":%d,"
                      + "\"exit\":0,\"pid\":901,\"uid\":0,\"comm\":\"insmod\"}}")
                  .formatted(i % 1000, i + 1, matters ? 175 : 59),
              matters);
      case 3 ->
          one(
              "{\"rule\":\"r\",\"time\":\"2026-08-01T12:00:00.%03dZ\",\"output_fields\":{\"evt.type\":\"%s\"}}"
                  .formatted(i % 1000, matters ? "delete_module" : "execve"),
              matters);
      default -> {
        String id = " msg=audit(1785585600.%03d:%d): ".formatted(i % 1000, 100_000 + i);
        lines.add(
            "type=SYSCALL"
                + id
                + "arch=c000003e syscall=%d exit=0 pid=7 uid=0".formatted(matters ? 175 : 59));
        lines.add("type=PATH" + id + "item=0 name=\"/x\"");
        lines.add("type=PROCTITLE" + id + "proctitle=\"x\"");
        calls += matters ? 1 : 0;
      }
    }
  }

  private void one(String line, boolean matters) {
    lines.add(line);
    calls += matters ? 1 : 0;
  }

  private static boolean isCall(Event event) {
    return event.eventName().endsWith("t_module") || event.eventName().equals("delete_module");
  }

  @Test
  void blockOfTraceeLines_isSearchedInOneGo_asBefore(@TempDir Path folder) throws IOException {
    // The search of a block finds only the lines that have a wanted name.
    String text = (TRACEE.formatted(1, "openat", "h") + "\n").repeat(100);
    Path recording = folder.resolve("events.ndjson");
    Files.writeString(recording, text + TRACEE.formatted(2, "init_module", "h") + "\n" + text);
    var block = new Block();
    try (FileChannel file = FileChannel.open(recording)) {
      LineBlocks.of(file, WANTED).next(block);
    }
    var search = new NameSearch(WANTED.eventNames());
    search.search(block);

    assertThat(search.isRegular()).isTrue();
    assertThat(search.found()).isEqualTo(1);
  }

  @Test
  void logThatBreaksOff_keepsWhatCameBefore() {
    String log = new String(Reading.resource("audit-raw.log"), ISO_8859_1);
    String cut = log.substring(0, log.indexOf("type=KERN_MODULE") + 30);
    Reading reading = Reading.joined(cut, WANTED);

    assertThat(reading.events())
        .extracting(Event::eventName)
        .as("the SYSCALL record is there, and of the KERN_MODULE the beginning")
        .containsExactly("security_kernel_read_file", "finit_module");
    assertThat(reading.badLines())
        .containsExactly(
            "rec:10: an audit record without its time and serial number: found \"179\"; remedy:"
                + " ausearch --raw writes them as they are");
  }
}
