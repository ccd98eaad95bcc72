package org.kmodwatch.core.testing;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.load.FieldVisitor;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadSchema;

/**
 * Builds a load record in which every key has a value, including keys without a value in this file.
 */
public final class FullRecord {

  private static final LoadRecord.ProcessDetails PROCESS =
      new LoadRecord.ProcessDetails(
          11,
          12,
          1,
          4242,
          "insmod",
          "/usr/bin/kmod",
          List.of("insmod", "/tmp/x.ko"),
          0,
          0L,
          1000L,
          3L,
          List.of("CAP_SYS_MODULE"),
          1_790_000_000_000_000_007L,
          Map.of("mnt", 4026531840L),
          "/user.slice",
          List.of(
              new LoadRecord.Ancestor(900, "bash", "/usr/bin/bash"),
              new LoadRecord.Ancestor(1, "systemd", "/usr/lib/systemd/systemd")));

  private FullRecord() {}

  /** Returns the record. */
  public static LoadRecord full() {
    return LoadSchema.visit(new Filler(), written());
  }

  private static LoadRecord written() {
    return LoadRecord.builder("18d7-a", 1_790_000_000_123_456_789L, LoadRecord.Action.LOAD)
        .durationNanos(5_000_000L)
        .host(new LoadRecord.Host("wren", "machine-1", "boot-1", "6.12.0", "x86_64"))
        .result(LoadRecord.Outcome.REFUSED, -129L, "the signature is not by a trusted key")
        .route(
            new LoadRecord.Route(
                "finit_module",
                "compat",
                List.of("MODULE_INIT_IGNORE_VERMAGIC"),
                "a=1",
                true,
                "xz",
                true))
        .module(
            new LoadRecord.ModuleDetails(
                "m",
                "1",
                "S",
                "6.12 SMP",
                "GPL",
                "does",
                "A, B",
                true,
                List.of("needed"),
                List.of("FORCED"),
                9L,
                List.of("user")))
        .image(
            new LoadRecord.Image(
                "ab",
                9,
                LoadRecord.Image.Source.FILE,
                true,
                new LoadRecord.Image.Decompressed("cd", 12),
                new LoadRecord.ModuleSignature(
                    LoadRecord.ModuleSignature.Status.UNKNOWN_KEY, "who", "01:02", "sha256"),
                "/var/lib/kmodwatch/images/ab.ko"))
        .file(
            new LoadRecord.ModuleFile(
                "/tmp/x.ko",
                8,
                131,
                17,
                true,
                LoadRecord.Place.TEMPORARY,
                new LoadRecord.PackageOwner("dpkg", "pkg", "1.0", true)))
        .loader(PROCESS)
        .requester(new LoadRecord.Requester("net-pf-38", PROCESS, "/tmp/evil"))
        .codeMayHaveRun(true)
        .preExisting(true)
        .linked("retry", "waited")
        .in(
            new ContainerContext("c1", "web", "nginx:1", "sha256:ff", "docker"),
            new KubernetesContext("pod", "ns", "uid", false))
        .findings(List.of("TRC-1017", "KMW-1003"))
        .repeats(2)
        .gaps(List.of(new LoadRecord.Gap("file", "why")))
        .build();
  }

  /** Gives a value to each field that has none. */
  private static final class Filler implements FieldVisitor {
    @Override
    public String text(String key, String description, @Nullable String value) {
      return value == null ? key : value;
    }

    @Override
    public List<String> texts(String key, String description, List<String> values) {
      return values.isEmpty() ? List.of(key) : values;
    }

    @Override
    public Long number(String key, String description, @Nullable Long value) {
      return value == null ? 1 : value;
    }

    @Override
    public Long unsigned(String key, String description, @Nullable Long value) {
      return number(key, description, value);
    }

    @Override
    public Long time(String key, String description, @Nullable Long nanos) {
      return number(key, description, nanos);
    }

    @Override
    public Integer int32(String key, String description, @Nullable Integer value) {
      return value == null ? 1 : value;
    }

    @Override
    public Map<String, Long> numbers(String key, String description, Map<String, Long> values) {
      return values.isEmpty() ? Map.of(key, 1L) : values;
    }

    @Override
    public Boolean truth(String key, String description, @Nullable Boolean value) {
      return value == null || value;
    }

    @Override
    public boolean flag(String key, String description, boolean value) {
      return true;
    }

    @Override
    public <E extends Enum<E>> E word(String key, String description, E value, E unknown) {
      return value == unknown ? unknown.getDeclaringClass().getEnumConstants()[0] : value;
    }

    @Override
    public <R> R optionalObject(
        String key, String description, @Nullable R value, R blank, Fields<R> fields) {
      return fields.visit(this, value == null ? blank : value);
    }

    @Override
    public <R> List<R> objects(
        String key, String description, List<R> values, R blank, Fields<R> fields) {
      return values.isEmpty()
          ? List.of(fields.visit(this, blank))
          : FieldVisitor.super.objects(key, description, values, blank, fields);
    }
  }
}
