package org.kmodwatch.agent.host;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord;

/**
 * The modules that were loaded before Kmodwatch started. Each has a record that only states that it
 * is loaded.
 *
 * @param records a record for each loaded module
 * @param loading records of modules whose load was not complete: the sensor may still see their
 *     load
 */
public record ModulesBefore(List<LoadRecord> records, List<LoadRecord> loading) {

  /** The reason why the load of the module is not known. */
  static final String GAP = "loaded before Kmodwatch started";

  private static final String LOADER = "loader";

  /** The reason if the programs should have seen the load. */
  static final String UNSEEN =
      "in no record: loaded while nothing watched, or what was seen of it was lost";

  private static final Map<Character, String> TAINTS =
      Map.of(
          'P', "PROPRIETARY",
          'F', "FORCED",
          'C', "STAGING",
          'O', "OUT_OF_TREE",
          'E', "UNSIGNED",
          'K', "LIVEPATCH",
          'T', "RANDSTRUCT",
          'N', "TEST");

  /** Copies the lists. */
  public ModulesBefore {
    records = List.copyOf(records);
    loading = List.copyOf(loading);
  }

  /**
   * Reads the host whose file system begins at {@code root}. It is called once the sensor is armed,
   * so that no load is missed between the two.
   *
   * @param timeNanos the time of the records
   */
  public static ModulesBefore at(Path root, LoadRecord.Host host, long timeNanos) {
    var list = new ModuleList(root);
    var records = new ArrayList<LoadRecord>();
    var loading = new ArrayList<LoadRecord>();
    for (ModuleList.Entry entry : list.all()) {
      LoadRecord record = record(list, entry, host, timeNanos);
      (entry.loading() ? loading : records).add(record);
    }
    return new ModulesBefore(records, loading);
  }

  /** Returns a record for a module that was loaded although programs watched. */
  public static LoadRecord inNoRecord(LoadRecord record) {
    return record.withGap(new LoadRecord.Gap(LOADER, UNSEEN));
  }

  /** Returns these modules without those whose load the sensor has seen since it was armed. */
  public ModulesBefore without(Set<String> names) {
    Predicate<LoadRecord> before = r -> !names.contains(r.module().name());
    return new ModulesBefore(
        records.stream().filter(before).toList(), loading.stream().filter(before).toList());
  }

  private static LoadRecord record(
      ModuleList list, ModuleList.Entry entry, LoadRecord.Host host, long timeNanos) {
    String name = entry.name();
    var gaps = new ArrayList<LoadRecord.Gap>();
    gaps.add(new LoadRecord.Gap(LOADER, GAP));
    Long size = list.attribute(name, "coresize").flatMap(ModulesBefore::number).orElse(null);
    if (size == null) {
      size = entry.sizeBytes().orElse(null);
    }
    if (size != null) {
      gaps.add(new LoadRecord.Gap("module.sizeBytes", "the memory it takes, " + GAP));
    }
    return LoadRecord.builder(id(host.bootId(), name), timeNanos, LoadRecord.Action.LOAD)
        .host(host)
        .module(
            LoadRecord.ModuleDetails.ofKernel(
                name,
                list.attribute(name, "version").orElse(null),
                list.attribute(name, "srcversion").orElse(null),
                taints(list.attribute(name, "taint").orElse("")),
                size,
                list.users(name)))
        .preExisting(true)
        .gaps(gaps)
        .build();
  }

  /** Returns an id that is the same at every start until the host is booted again. */
  private static String id(@Nullable String bootId, String name) {
    byte[] key = ("before\0" + bootId + "\0" + name).getBytes(StandardCharsets.UTF_8);
    return UUID.nameUUIDFromBytes(key).toString();
  }

  private static List<String> taints(String letters) {
    return letters
        .chars()
        .limit(32)
        .mapToObj(c -> TAINTS.getOrDefault((char) c, String.valueOf((char) c)))
        .toList();
  }

  private static Optional<Long> number(String text) {
    return text.matches("\\d{1,18}") ? Optional.of(Long.valueOf(text)) : Optional.empty();
  }
}
