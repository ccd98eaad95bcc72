package org.kmodwatch.bench;

import java.time.Instant;
import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * Writes one event in either form of Tracee. It does not use Kmodwatch's own writer, so that the
 * code under measurement does not produce its own input. Strings are escaped as Go's encoder does.
 */
final class EventText {

  /** Lists the forms, and the two sets of type names in the flat form. */
  enum Form {
    /** Writes the flat form up to 0.23. */
    FLAT_C_TYPES,
    /** Writes the flat form of 0.24. */
    FLAT_GO_TYPES,
    /** Writes the form after 0.24. */
    PROTOBUF
  }

  private final Processes.Actor process;
  private final Form form;
  private final SplittableRandom random;
  private final StringBuilder args = new StringBuilder();
  private int eventId;
  private String name = "";
  private String syscall = "";
  private long returnValue;
  private int count;

  EventText(Processes.Actor process, Form form, SplittableRandom random) {
    this.process = process;
    this.form = form;
    this.random = random;
  }

  Form form() {
    return form;
  }

  /** Begins an event; its arguments follow. */
  void begin(int eventId, String name, String syscall, long returnValue) {
    this.eventId = eventId;
    this.name = name;
    this.syscall = syscall;
    this.returnValue = returnValue;
  }

  void string(String arg, String value) {
    argument(arg, "const char*", "string", "str", quoted(value));
  }

  void strings(String arg, String... values) {
    var list = new StringBuilder("[");
    for (String value : values) {
      list.append(list.length() == 1 ? "" : ",").append(quoted(value));
    }
    list.append(']');
    if (form == Form.PROTOBUF) {
      argument(arg, "", "", "str_array", "{\"value\":" + list + "}");
    } else {
      argument(arg, "const char**", "[]string", "", list.toString());
    }
  }

  void s32(String arg, int value) {
    argument(arg, "int", "int32", "int32", Integer.toString(value));
  }

  void u32(String arg, long value) {
    argument(arg, "dev_t", "uint32", "u_int32", Long.toString(value));
  }

  void u64(String arg, long value) {
    wide(arg, "unsigned long", "uint64", value);
  }

  void pointer(String arg, long value) {
    wide(arg, "void*", "trace.Pointer", value);
  }

  /** Adds an argument of a type without a method here. */
  void raw(String arg, String type, String json) {
    argument(arg, type, type, "raw", json);
  }

  private void wide(String arg, String cType, String goType, long value) {
    String text = Long.toUnsignedString(value);
    argument(arg, cType, goType, "u_int64", form == Form.PROTOBUF ? quoted(text) : text);
  }

  private void argument(String arg, String cType, String goType, String kind, String value) {
    args.append(count++ == 0 ? "" : ",").append("{\"name\":").append(quoted(arg));
    if (form == Form.PROTOBUF) {
      args.append(",\"").append(kind).append("\":");
    } else {
      args.append(",\"type\":")
          .append(quoted(form == Form.FLAT_C_TYPES ? cType : goType))
          .append(",\"value\":");
    }
    args.append(value).append('}');
  }

  /** Returns the line with its newline. The caller replaces its time. */
  String text() {
    return form == Form.PROTOBUF ? protobuf() : flat();
  }

  private String flat() {
    var to = new StringBuilder(2_048);
    to.append("{\"timestamp\":1000000000000000000");
    number(to, "threadStartTime", process.startNanos());
    number(to, "processorId", random.nextInt(32));
    number(to, "processId", process.pid());
    number(to, "threadId", process.tid());
    number(to, "parentProcessId", process.parent());
    number(to, "hostProcessId", process.hostPid());
    number(to, "hostThreadId", process.hostTid());
    number(to, "hostParentProcessId", process.hostParent());
    number(to, "cgroupId", process.cgroupId());
    number(to, "userId", process.userId());
    number(to, "mountNamespace", process.inContainer() ? 4_026_532_841L : 4_026_531_841L);
    number(to, "pidNamespace", process.inContainer() ? 4_026_532_844L : 4_026_531_836L);
    to.append(",\"processName\":").append(quoted(process.comm()));
    to.append(",\"hostName\":").append(quoted(process.host()));
    to.append(",\"executable\":{\"path\":").append(quoted(process.executable())).append('}');
    flatContainer(to);
    to.append(",\"eventId\":");
    // Some recordings have a number without quotes.
    to.append(random.nextInt(50) == 0 ? eventId : quoted(Integer.toString(eventId)));
    to.append(",\"eventName\":").append(quoted(name));
    to.append(",\"matchedPolicies\":[\"default-policy\"]");
    number(to, "argsNum", count);
    number(to, "returnValue", returnValue);
    to.append(",\"syscall\":").append(quoted(syscall));
    stack(to);
    to.append(",\"contextFlags\":{\"containerStarted\":")
        .append(process.inContainer())
        .append(",\"isCompat\":false}");
    number(to, "threadEntityId", process.entityId());
    number(to, "processEntityId", process.entityId());
    number(to, "parentEntityId", process.entityId() ^ 0x2a17);
    to.append(",\"args\":[").append(args).append("]}\n");
    return to.toString();
  }

  private void flatContainer(StringBuilder to) {
    if (!process.inContainer()) {
      to.append(",\"containerId\":\"\",\"container\":{},\"kubernetes\":{}");
      return;
    }
    to.append(",\"containerId\":").append(quoted(process.containerId()));
    to.append(",\"container\":{\"id\":").append(quoted(process.containerId()));
    to.append(",\"name\":").append(quoted(process.containerName()));
    to.append(",\"image\":").append(quoted(process.image()));
    to.append(",\"imageDigest\":").append(quoted(process.digest()));
    to.append("},\"kubernetes\":{\"podName\":").append(quoted(process.podName()));
    to.append(",\"podNamespace\":").append(quoted(process.podNamespace()));
    to.append(",\"podUID\":").append(quoted(process.podUid())).append('}');
  }

  private void stack(StringBuilder to) {
    to.append(",\"stackAddresses\":");
    if (random.nextInt(12) != 0) {
      to.append(random.nextBoolean() ? "null" : "[]");
      return;
    }
    to.append("[140212");
    for (int i = random.nextInt(12); i > 0; i--) {
      to.append(',').append(Long.toUnsignedString(-random.nextLong(1L << 40)));
    }
    to.append(']');
  }

  private String protobuf() {
    var to = new StringBuilder(2_048);
    to.append("{\"timestamp\":\"2000-01-01T00:00:00.000000000Z\"");
    number(to, "id", eventId);
    to.append(",\"name\":").append(quoted(name));
    to.append(",\"policies\":{\"matched\":[\"default-policy\"]},\"workload\":{\"process\":{");
    to.append("\"executable\":{\"path\":").append(quoted(process.executable())).append('}');
    number(to, "unique_id", process.entityId());
    number(to, "host_pid", process.hostPid());
    number(to, "pid", process.pid());
    to.append(",\"real_user\":{\"id\":").append(process.userId()).append('}');
    to.append(",\"thread\":{\"start_time\":\"").append(startTime()).append('"');
    to.append(",\"name\":").append(quoted(process.comm()));
    number(to, "unique_id", process.entityId());
    number(to, "host_tid", process.hostTid());
    number(to, "tid", process.tid());
    to.append(",\"syscall\":").append(quoted(syscall)).append(",\"compat\":false}");
    to.append(",\"ancestors\":[{\"unique_id\":").append(process.entityId() ^ 0x2a17);
    number(to, "host_pid", process.hostParent());
    number(to, "pid", process.parent());
    to.append("}]}");
    if (process.inContainer()) {
      to.append(",\"container\":{\"id\":").append(quoted(process.containerId()));
      to.append(",\"name\":").append(quoted(process.containerName()));
      to.append(",\"image\":{\"id\":").append(quoted(process.image()));
      to.append(",\"repo_digests\":[").append(quoted(process.digest())).append("]}");
      to.append(",\"started\":true},\"k8s\":{\"pod\":{\"name\":");
      to.append(quoted(process.podName())).append(",\"uid\":").append(quoted(process.podUid()));
      to.append(",\"labels\":{\"app\":").append(quoted(process.containerName()));
      to.append("}},\"namespace\":{\"name\":").append(quoted(process.podNamespace())).append("}}");
    }
    to.append("},\"data\":[").append(args).append(count == 0 ? "" : ",");
    to.append("{\"name\":\"returnValue\",\"int64\":\"").append(returnValue).append("\"}]}\n");
    return to.toString();
  }

  private String startTime() {
    long second = 1_000_000_000L;
    return Instant.ofEpochSecond(process.startNanos() / second, process.startNanos() % second)
        .toString();
  }

  private static void number(StringBuilder to, String key, long value) {
    to.append(",\"").append(key).append("\":");
    to.append(key.equals("cgroupId") ? Long.toUnsignedString(value) : Long.toString(value));
  }

  /** Returns the string in JSON as Go's encoding/json writes it: safe inside HTML. */
  static String quoted(String text) {
    var to = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> to.append('\\').append(c);
        case '\n' -> to.append("\\n");
        case '\t' -> to.append("\\t");
        case '<', '>', '&', '\u2028', '\u2029' ->
            to.append("\\u").append(HexFormat.of().toHexDigits(c));
        default -> to.append(c);
      }
    }
    return to.append('"').toString();
  }
}
