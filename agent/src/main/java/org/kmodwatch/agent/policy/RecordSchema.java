package org.kmodwatch.agent.policy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The load record's keys and their types, as conditions know them: those of
 * docs/reference/load-record.md. A test holds them against the records that are written.
 */
final class RecordSchema {

  private RecordSchema() {}

  /** What a key's value is. */
  sealed interface Type {

    /** Types without parts. */
    enum Plain implements Type {
      /** A text. */
      TEXT,
      /** A whole number. */
      WHOLE,
      /** True or false. */
      FLAG,
      /** A moment. */
      TIME,
      /** A list of texts. */
      TEXTS,
      /** Names with whole numbers. */
      NUMBERS
    }

    /**
     * An object.
     *
     * @param fields by key
     */
    record Group(Map<String, Type> fields) implements Type {}

    /**
     * A list of objects.
     *
     * @param each what each of them is
     */
    record Groups(Group each) implements Type {}
  }

  private static final Type.Group ANCESTOR =
      group("pid", Type.Plain.WHOLE, "comm", Type.Plain.TEXT, "exe", Type.Plain.TEXT);

  private static final Map<String, Type> PROCESS =
      group(
              "pid",
              Type.Plain.WHOLE,
              "tid",
              Type.Plain.WHOLE,
              "parentPid",
              Type.Plain.WHOLE,
              "hostPid",
              Type.Plain.WHOLE,
              "comm",
              Type.Plain.TEXT,
              "exe",
              Type.Plain.TEXT,
              "args",
              Type.Plain.TEXTS,
              "uid",
              Type.Plain.WHOLE,
              "euid",
              Type.Plain.WHOLE,
              "loginUid",
              Type.Plain.WHOLE,
              "sessionId",
              Type.Plain.WHOLE,
              "capabilities",
              Type.Plain.TEXTS,
              "startTime",
              Type.Plain.TIME,
              "namespaces",
              Type.Plain.NUMBERS,
              "cgroup",
              Type.Plain.TEXT,
              "ancestors",
              new Type.Groups(ANCESTOR))
          .fields();

  /** The record. */
  static final Type.Group LOAD =
      group(
          "schema",
          Type.Plain.TEXT,
          "id",
          Type.Plain.TEXT,
          "time",
          Type.Plain.TIME,
          "durationNs",
          Type.Plain.WHOLE,
          "host",
          texts("name", "machineId", "bootId", "kernel", "arch"),
          "action",
          Type.Plain.TEXT,
          "outcome",
          Type.Plain.TEXT,
          "returnValue",
          Type.Plain.WHOLE,
          "errno",
          Type.Plain.TEXT,
          "reason",
          Type.Plain.TEXT,
          "route",
          group(
              "syscall",
              Type.Plain.TEXT,
              "abi",
              Type.Plain.TEXT,
              "flags",
              Type.Plain.TEXTS,
              "params",
              Type.Plain.TEXT,
              "memoryOnly",
              Type.Plain.FLAG,
              "compression",
              Type.Plain.TEXT,
              "autoload",
              Type.Plain.FLAG),
          "module",
          group(
              "name",
              Type.Plain.TEXT,
              "version",
              Type.Plain.TEXT,
              "srcversion",
              Type.Plain.TEXT,
              "vermagic",
              Type.Plain.TEXT,
              "license",
              Type.Plain.TEXT,
              "description",
              Type.Plain.TEXT,
              "author",
              Type.Plain.TEXT,
              "intree",
              Type.Plain.FLAG,
              "depends",
              Type.Plain.TEXTS,
              "taints",
              Type.Plain.TEXTS,
              "sizeBytes",
              Type.Plain.WHOLE,
              "usedBy",
              Type.Plain.TEXTS),
          "image",
          group(
              "sha256",
              Type.Plain.TEXT,
              "sizeBytes",
              Type.Plain.WHOLE,
              "source",
              Type.Plain.TEXT,
              "complete",
              Type.Plain.FLAG,
              "decompressed",
              group("sha256", Type.Plain.TEXT, "sizeBytes", Type.Plain.WHOLE),
              "signature",
              texts("status", "signer", "keyId", "digest"),
              "kept",
              Type.Plain.TEXT),
          "file",
          group(
              "path",
              Type.Plain.TEXT,
              "device",
              Type.Plain.WHOLE,
              "inode",
              Type.Plain.WHOLE,
              "ctime",
              Type.Plain.TIME,
              "deleted",
              Type.Plain.FLAG,
              "place",
              Type.Plain.TEXT,
              "package",
              group(
                  "manager",
                  Type.Plain.TEXT,
                  "name",
                  Type.Plain.TEXT,
                  "version",
                  Type.Plain.TEXT,
                  "changed",
                  Type.Plain.FLAG)),
          "loader",
          new Type.Group(PROCESS),
          "requester",
          requester(),
          "codeMayHaveRun",
          Type.Plain.FLAG,
          "preExisting",
          Type.Plain.FLAG,
          "retryOf",
          Type.Plain.TEXT,
          "waitedOn",
          Type.Plain.TEXT,
          "container",
          texts("id", "name", "image", "imageDigest", "runtime"),
          "kubernetes",
          group(
              "podName",
              Type.Plain.TEXT,
              "podNamespace",
              Type.Plain.TEXT,
              "podUid",
              Type.Plain.TEXT,
              "podSandbox",
              Type.Plain.FLAG),
          "findings",
          Type.Plain.TEXTS,
          "repeats",
          Type.Plain.WHOLE,
          "gaps",
          new Type.Groups(texts("field", "why")));

  private static Type.Group requester() {
    var fields = new LinkedHashMap<String, Type>();
    fields.put("alias", Type.Plain.TEXT);
    fields.putAll(PROCESS);
    fields.put("modprobePath", Type.Plain.TEXT);
    return new Type.Group(fields);
  }

  private static Type.Group texts(String... keys) {
    var fields = new LinkedHashMap<String, Type>();
    for (String key : List.of(keys)) {
      fields.put(key, Type.Plain.TEXT);
    }
    return new Type.Group(fields);
  }

  private static Type.Group group(Object... keysAndTypes) {
    var fields = new LinkedHashMap<String, Type>();
    for (int i = 0; i < keysAndTypes.length; i += 2) {
      fields.put((String) keysAndTypes[i], (Type) keysAndTypes[i + 1]);
    }
    return new Type.Group(fields);
  }
}
