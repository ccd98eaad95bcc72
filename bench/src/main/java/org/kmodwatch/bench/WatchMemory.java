package org.kmodwatch.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kmodwatch.lab.Lab;
import org.kmodwatch.lab.LabResult;
import org.kmodwatch.lab.LabRun;

/** Measures the resident memory of {@code watch} as the package installs it. */
final class WatchMemory implements Measurement {

  private static final Duration GUEST_LIMIT = Duration.ofMinutes(40);
  private static final int LOADS = 2000;
  private static final int SECONDS = 600;
  private static final double TARGET_MIB = 64;

  /** Allows for a difference of the heap after two collections, in MiB. */
  private static final int FLAT_MIB = 1;

  private static final Pattern COLLECTION = Pattern.compile(".*Pause .* \\d+M->(\\d+)M\\(.*");

  @Override
  public String name() {
    return "watch-memory";
  }

  @Override
  public String summary() {
    return "RSS of watch after 10 minutes and 2,000 loads in the lab; a quarter of an hour";
  }

  @Override
  public Figures measure(Workplace workplace) throws Exception {
    Path out = workplace.folder("watch-memory");
    LabResult result =
        Lab.run(
            LabRun.of(Guests.KERNEL, Guests.resource("watch-memory.sh"))
                .withoutSensor()
                .withTimeout(GUEST_LIMIT)
                .withFile(DebianPackage.make(workplace).forGuest())
                .withFile(Lab.testModule(Guests.KERNEL, "kw_plain"))
                .withOut(out.resolve(Long.toString(System.currentTimeMillis()))));
    List<String> lines = Files.readAllLines(result.guestLog());
    if (number(lines, "loads") < LOADS) {
      throw new BenchException("records are missing: " + result.guestLog());
    }
    double rss = mib(number(lines, "VmRSS"));
    List<Integer> heap = leftAfterCollections(result.guestLog().resolveSibling("gc.txt"));
    int early = heap.subList(heap.size() / 4, heap.size() / 2).stream().min(Integer::compare).get();
    int late = heap.subList(heap.size() * 3 / 4, heap.size()).stream().min(Integer::compare).get();
    List<Long> samples =
        lines.stream()
            .filter(line -> line.startsWith("sample "))
            .map(line -> Long.valueOf(line.substring(line.lastIndexOf(' ') + 1)))
            .toList();
    return new Figures.Builder()
        .add(
            "RSS after %d s and %d loads".formatted(number(lines, "seconds"), LOADS),
            "%.1f MiB".formatted(rss),
            "at most %.0f MiB".formatted(TARGET_MIB),
            rss <= TARGET_MIB && number(lines, "seconds") >= SECONDS)
        .add("of it memory of its own", "%.1f MiB".formatted(mib(number(lines, "RssAnon"))))
        .add(
            "of it files and rings that are mapped",
            "%.1f MiB".formatted(mib(number(lines, "RssFile") + number(lines, "RssShmem"))))
        .add(
            "RSS every 200 loads meanwhile",
            "%.1f MiB to %.1f MiB"
                .formatted(mib(Collections.min(samples)), mib(Collections.max(samples))))
        .add("the most that it ever was", "%.1f MiB".formatted(mib(number(lines, "VmHWM"))))
        .add(
            "least heap left by a collection, in the second quarter of them and in the last",
            "%d MiB, %d MiB".formatted(early, late),
            "flat",
            late <= early + FLAT_MIB)
        .build();
  }

  private static List<Integer> leftAfterCollections(Path log) throws Exception {
    var left = new ArrayList<Integer>();
    for (String line : Files.readAllLines(log)) {
      Matcher collection = COLLECTION.matcher(line);
      if (collection.matches()) {
        left.add(Integer.valueOf(collection.group(1)));
      }
    }
    if (left.size() < 8) {
      throw new BenchException("too few collections to say anything: " + log);
    }
    return left;
  }

  private static long number(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> Long.parseLong(line.substring(name.length() + 1).strip()))
        .findFirst()
        .orElseThrow(() -> new BenchException("the guest did not say: " + name));
  }

  private static double mib(long kib) {
    return kib / 1024.0;
  }
}
