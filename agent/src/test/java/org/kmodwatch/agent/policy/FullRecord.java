package org.kmodwatch.agent.policy;

import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.load.LoadRecord;

/** A load record in which every key has a value. */
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

  /** The record. */
  public static LoadRecord full() {
    return new LoadRecord(
        "18d7-a",
        1_790_000_000_123_456_789L,
        5_000_000L,
        new LoadRecord.Host("wren", "machine-1", "boot-1", "6.12.0", "x86_64"),
        LoadRecord.Action.LOAD,
        LoadRecord.Outcome.REFUSED,
        -129L,
        "EKEYREJECTED",
        "the signature is not by a trusted key",
        new LoadRecord.Route(
            "finit_module",
            "compat",
            List.of("MODULE_INIT_IGNORE_VERMAGIC"),
            "a=1",
            true,
            "xz",
            true),
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
            List.of("user")),
        new LoadRecord.Image(
            "ab",
            9,
            LoadRecord.Image.Source.FILE,
            true,
            new LoadRecord.Image.Decompressed("cd", 12),
            new LoadRecord.ModuleSignature(
                LoadRecord.ModuleSignature.Status.UNKNOWN_KEY, "who", "01:02", "sha256"),
            "/var/lib/kmodwatch/images/ab.ko"),
        new LoadRecord.ModuleFile(
            "/tmp/x.ko",
            8,
            131,
            17,
            true,
            LoadRecord.Place.TEMPORARY,
            new LoadRecord.PackageOwner("dpkg", "pkg", "1.0", true)),
        PROCESS,
        new LoadRecord.Requester("net-pf-38", PROCESS, "/tmp/evil"),
        new ContainerContext("c1", "web", "nginx:1", "sha256:ff", "docker"),
        new KubernetesContext("pod", "ns", "uid", false),
        true,
        true,
        "retry",
        "waited",
        List.of("TRC-1017", "KMW-1003"),
        null,
        2,
        List.of(new LoadRecord.Gap("file", "why")));
  }
}
