package org.kmodwatch.core.read;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;

/**
 * Reads ordinary lines of the flat form directly from their bytes. This is several times as fast as
 * a JSON parser and a map of its fields.
 *
 * <p>Nearly all lines of producers are ordinary: compact JSON in ASCII without escapes, whole
 * numbers, no key twice, no unknown key, each value of its type. At anything else this class stops,
 * and {@link LineParser} reads the line or reports its error. Only {@link LineParser} has all rules
 * of the format. Where this class reads a line, the event equals that of {@link LineParser}; tests
 * check that. Not thread-safe.
 */
final class FlatLines {

  private static final int MAX_DEPTH = 16;

  /**
   * The number of digits of the largest signed long. With this limit, a larger number wraps to a
   * negative one and is detected.
   */
  private static final int MAX_SIGNED_DIGITS = 19;

  private static final int MAX_UNSIGNED_DIGITS = 20;

  /** Lists the types that a value may need. */
  private enum Kind {
    SIGNED,
    SIGNED_32,
    UNSIGNED,
    UNSIGNED_32,
    TEXT,
    OTHER
  }

  /** Lists the keys of an event, in the order in which producers write them. */
  private enum Key {
    TIMESTAMP("timestamp", Kind.SIGNED),
    THREAD_START_TIME("threadStartTime", Kind.SIGNED),
    PROCESSOR_ID("processorId", Kind.SIGNED_32),
    PROCESS_ID("processId", Kind.SIGNED_32),
    CGROUP_ID("cgroupId", Kind.UNSIGNED),
    THREAD_ID("threadId", Kind.SIGNED_32),
    PARENT_PROCESS_ID("parentProcessId", Kind.SIGNED_32),
    HOST_PROCESS_ID("hostProcessId", Kind.SIGNED_32),
    HOST_THREAD_ID("hostThreadId", Kind.SIGNED_32),
    HOST_PARENT_PROCESS_ID("hostParentProcessId", Kind.SIGNED_32),
    USER_ID("userId", Kind.UNSIGNED_32),
    MOUNT_NAMESPACE("mountNamespace", Kind.UNSIGNED_32),
    PID_NAMESPACE("pidNamespace", Kind.UNSIGNED_32),
    PROCESS_NAME("processName", Kind.TEXT),
    EXECUTABLE("executable", Kind.OTHER),
    HOST_NAME("hostName", Kind.TEXT),
    CONTAINER_ID("containerId", Kind.TEXT),
    CONTAINER("container", Kind.OTHER),
    KUBERNETES("kubernetes", Kind.OTHER),
    EVENT_ID("eventId", Kind.OTHER),
    EVENT_NAME("eventName", Kind.TEXT),
    MATCHED_POLICIES("matchedPolicies", Kind.OTHER),
    ARGS_NUM("argsNum", Kind.SIGNED),
    RETURN_VALUE("returnValue", Kind.SIGNED),
    SYSCALL("syscall", Kind.TEXT),
    STACK_ADDRESSES("stackAddresses", Kind.OTHER),
    CONTEXT_FLAGS("contextFlags", Kind.OTHER),
    THREAD_ENTITY_ID("threadEntityId", Kind.UNSIGNED_32),
    PROCESS_ENTITY_ID("processEntityId", Kind.UNSIGNED_32),
    PARENT_ENTITY_ID("parentEntityId", Kind.UNSIGNED_32),
    ARGS("args", Kind.OTHER),
    METADATA("metadata", Kind.OTHER);

    private final String text;
    private final Kind kind;

    Key(String text, Kind kind) {
      this.text = text;
      this.kind = kind;
    }

    @SuppressWarnings("EnumOrdinal") // an index into arrays that live no longer than this class
    int index() {
      return ordinal();
    }
  }

  private static final Key[] EVENT_KEYS = Key.values();
  private static final Keys EVENT =
      new Keys(Arrays.stream(EVENT_KEYS).map(key -> key.text).toArray(String[]::new));
  private static final Keys EXECUTABLE = new Keys("path");
  private static final Keys CONTAINER = new Keys("id", "name", "image", "imageDigest", "runtime");
  private static final Keys KUBERNETES =
      new Keys("podName", "podNamespace", "podUID", "podSandbox");
  private static final Keys FLAGS = new Keys("containerStarted", "isCompat");
  private static final Keys ARGUMENT = new Keys("name", "type", "value");

  private final Strings strings = new Strings();
  private byte[] bytes = new byte[0];
  private int at;
  private int end;

  /** The values of the line that are numbers, by key. */
  private final long[] numbers = new long[EVENT_KEYS.length];

  /** The values of the line that are texts, by key. */
  private final @Nullable String[] texts = new @Nullable String[EVENT_KEYS.length];

  /** The keys that have a value in the line, as bits. */
  private long present;

  private @Nullable String executable;
  private ContainerContext container = ContainerContext.NONE;
  private KubernetesContext kubernetes = KubernetesContext.NONE;
  private String eventId = "";
  private @Nullable List<String> policies;
  private @Nullable List<Long> stack;
  private int flags;
  private @Nullable List<Argument> args;
  private @Nullable Value metadata;

  FlatLines() {}

  /**
   * Stops the reading of a line that is not ordinary. It has no stack trace, which would cost more
   * than the line.
   */
  private static final class NotOrdinary extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private NotOrdinary() {
      super("not an ordinary line", null, false, false);
    }
  }

  /** Returns the event in these bytes; null if they are not an ordinary line. */
  @Nullable Event read(byte[] line, int start, int length) {
    bytes = line;
    at = start;
    end = start + length;
    try {
      Event event = event();
      while (at < end && (bytes[at] == ' ' || bytes[at] == '\r' || bytes[at] == '\t')) {
        at++;
      }
      return at == end ? event : null;
    } catch (NotOrdinary e) {
      return null;
    }
  }

  private Event event() {
    readValues();
    String eventName = texts[Key.EVENT_NAME.index()];
    if (eventName == null || eventName.isEmpty()) {
      throw new NotOrdinary();
    }
    return Event.builder(eventName, number(Key.TIMESTAMP))
        .process(
            new ProcessContext(
                number(Key.THREAD_START_TIME),
                (int) number(Key.PROCESSOR_ID),
                (int) number(Key.PROCESS_ID),
                (int) number(Key.THREAD_ID),
                (int) number(Key.PARENT_PROCESS_ID),
                (int) number(Key.HOST_PROCESS_ID),
                (int) number(Key.HOST_THREAD_ID),
                (int) number(Key.HOST_PARENT_PROCESS_ID),
                number(Key.CGROUP_ID),
                number(Key.USER_ID),
                number(Key.MOUNT_NAMESPACE),
                number(Key.PID_NAMESPACE),
                text(Key.PROCESS_NAME),
                executable,
                FlatForm.entityIds(
                    numberOrNull(Key.THREAD_ENTITY_ID),
                    numberOrNull(Key.PROCESS_ENTITY_ID),
                    numberOrNull(Key.PARENT_ENTITY_ID))))
        .hostName(text(Key.HOST_NAME))
        .container(withId(container, texts[Key.CONTAINER_ID.index()]))
        .kubernetes(kubernetes)
        .eventId(eventId)
        .matchedPolicies(policies)
        .returnValue(numberOrNull(Key.RETURN_VALUE))
        .syscall(text(Key.SYSCALL))
        .stackAddresses(stack)
        .containerStarted((flags & 1) != 0)
        .compat((flags & 2) != 0)
        .args(args)
        .metadata(metadata)
        .build();
  }

  /**
   * Reads the line into the fields of this object. It distinguishes the kinds of values, not the
   * many keys: for those the compiler takes several times as long as for the rest of this class.
   */
  private void readValues() {
    forget();
    long seen = 0;
    int key = -1;
    expect('{');
    do {
      key = key(EVENT, key + 1);
      seen = once(seen, key);
      if (isNull()) {
        continue;
      }
      present |= 1L << key;
      Key known = EVENT_KEYS[key];
      switch (known.kind) {
        case SIGNED -> numbers[key] = signed();
        case SIGNED_32 -> numbers[key] = signed32();
        case UNSIGNED -> numbers[key] = unsigned();
        case UNSIGNED_32 -> numbers[key] = unsigned32();
        case TEXT -> texts[key] = string();
        case OTHER -> readOther(known);
      }
    } while (more('}'));
  }

  private void forget() {
    present = 0;
    Arrays.fill(numbers, 0);
    Arrays.fill(texts, null);
    executable = null;
    container = ContainerContext.NONE;
    kubernetes = KubernetesContext.NONE;
    eventId = "";
    policies = null;
    stack = null;
    flags = 0;
    args = null;
    metadata = null;
  }

  private void readOther(Key key) {
    switch (key) {
      case EXECUTABLE -> executable = executable();
      case CONTAINER -> container = container();
      case KUBERNETES -> kubernetes = kubernetes();
      case EVENT_ID -> eventId = at < end && bytes[at] == '"' ? string() : number();
      case MATCHED_POLICIES -> policies = stringList();
      case STACK_ADDRESSES -> stack = unsignedList();
      case CONTEXT_FLAGS -> flags = flags();
      case ARGS -> args = arguments();
      case METADATA -> metadata = value(0);
      default -> throw new NotOrdinary();
    }
  }

  private long number(Key key) {
    return numbers[key.index()];
  }

  private @Nullable Long numberOrNull(Key key) {
    return (present & 1L << key.index()) == 0 ? null : Long.valueOf(number(key));
  }

  private String text(Key key) {
    String text = texts[key.index()];
    return text == null ? "" : text;
  }

  /**
   * Returns the container with its id, which stands under two keys. A line where they differ is not
   * ordinary.
   */
  private static ContainerContext withId(ContainerContext container, @Nullable String older) {
    if (older == null || older.isEmpty() || older.equals(container.id())) {
      return container;
    }
    if (container.id() != null) {
      throw new NotOrdinary();
    }
    return new ContainerContext(
        older, container.name(), container.image(), container.imageDigest(), container.runtime());
  }

  private @Nullable String executable() {
    String path = null;
    for (int key = firstKey(EXECUTABLE); key >= 0; key = nextKey(EXECUTABLE, key)) {
      path = stringOrNull();
    }
    return path;
  }

  private ContainerContext container() {
    var parts = new @Nullable String[5];
    long seen = 0;
    for (int key = firstKey(CONTAINER); key >= 0; key = nextKey(CONTAINER, key)) {
      seen = once(seen, key);
      parts[key] = stringOrNull();
    }
    return seen == 0
        ? ContainerContext.NONE
        : new ContainerContext(parts[0], parts[1], parts[2], parts[3], parts[4]);
  }

  private KubernetesContext kubernetes() {
    var parts = new @Nullable String[3];
    Boolean sandbox = null;
    long seen = 0;
    for (int key = firstKey(KUBERNETES); key >= 0; key = nextKey(KUBERNETES, key)) {
      seen = once(seen, key);
      if (key == 3) {
        sandbox = isNull() ? null : Boolean.valueOf(bool());
      } else {
        parts[key] = stringOrNull();
      }
    }
    return seen == 0
        ? KubernetesContext.NONE
        : new KubernetesContext(parts[0], parts[1], parts[2], sandbox);
  }

  /** Returns the flags: bit 0 is containerStarted, bit 1 is isCompat. */
  private int flags() {
    int flags = 0;
    long seen = 0;
    for (int key = firstKey(FLAGS); key >= 0; key = nextKey(FLAGS, key)) {
      seen = once(seen, key);
      if (!isNull() && bool()) {
        flags |= 1 << key;
      }
    }
    return flags;
  }

  private List<Argument> arguments() {
    var arguments = new ArrayList<Argument>(8);
    expect('[');
    if (!skip(']')) {
      do {
        arguments.add(argument());
      } while (more(']'));
    }
    return arguments;
  }

  private Argument argument() {
    String name = null;
    String type = "";
    Value value = Value.NULL;
    long seen = 0;
    for (int key = firstKey(ARGUMENT); key >= 0; key = nextKey(ARGUMENT, key)) {
      seen = once(seen, key);
      if (isNull()) {
        continue;
      }
      switch (key) {
        case 0 -> name = string();
        case 1 -> type = string();
        default -> value = value(0);
      }
    }
    if (name == null) {
      throw new NotOrdinary();
    }
    return new Argument(name, type, value);
  }

  private Value value(int depth) {
    if (depth > MAX_DEPTH || at >= end) {
      throw new NotOrdinary();
    }
    return switch (bytes[at]) {
      case '"' -> new Value.Str(string());
      case 'n' -> {
        literal("null");
        yield Value.NULL;
      }
      case 't', 'f' -> Value.of(bool());
      case '[' -> list(depth);
      case '{' -> object(depth);
      default -> new Value.Num(number());
    };
  }

  private Value list(int depth) {
    var values = new ArrayList<Value>();
    expect('[');
    if (!skip(']')) {
      do {
        values.add(value(depth + 1));
      } while (more(']'));
    }
    return new Value.Array(values);
  }

  private Value object(int depth) {
    var fields = new LinkedHashMap<String, Value>();
    expect('{');
    if (!skip('}')) {
      do {
        String key = string();
        expect(':');
        if (fields.put(key, value(depth + 1)) != null) {
          throw new NotOrdinary();
        }
      } while (more('}'));
    }
    return Value.taking(fields);
  }

  private List<String> stringList() {
    var list = new ArrayList<String>(2);
    expect('[');
    if (!skip(']')) {
      do {
        list.add(string());
      } while (more(']'));
    }
    return list;
  }

  private List<Long> unsignedList() {
    var list = new ArrayList<Long>();
    expect('[');
    if (!skip(']')) {
      do {
        list.add(unsigned());
      } while (more(']'));
    }
    return list;
  }

  /** Returns the first key of the object that begins here, or -1 if it has no keys. */
  private int firstKey(Keys keys) {
    expect('{');
    return skip('}') ? -1 : key(keys, 0);
  }

  /** Returns the key after the value that has just been read, or -1 at the end of the object. */
  private int nextKey(Keys keys, int previous) {
    return more('}') ? key(keys, previous + 1) : -1;
  }

  /** Reads a key and its colon. The key is most likely the one with index {@code likely}. */
  private int key(Keys keys, int likely) {
    expect('"');
    int key = keys.find(bytes, at, end, likely);
    if (key < 0) {
      throw new NotOrdinary();
    }
    at += keys.length(key);
    return key;
  }

  private static long once(long seen, int key) {
    long bit = 1L << key;
    if ((seen & bit) != 0) {
      throw new NotOrdinary();
    }
    return seen | bit;
  }

  private @Nullable String stringOrNull() {
    return isNull() ? null : string();
  }

  private String string() {
    expect('"');
    int start = at;
    while (at < end) {
      byte b = bytes[at++];
      if (b == '"') {
        return strings.of(bytes, start, at - 1);
      }
      // Bytes that are not ASCII are negative.
      if (b < ' ' || b == '\\') {
        break;
      }
    }
    throw new NotOrdinary();
  }

  private boolean bool() {
    boolean truth = at < end && bytes[at] == 't';
    literal(truth ? "true" : "false");
    return truth;
  }

  private boolean isNull() {
    if (at < end && bytes[at] == 'n') {
      literal("null");
      return true;
    }
    return false;
  }

  private void literal(String text) {
    for (int i = 0; i < text.length(); i++) {
      expect(text.charAt(i));
    }
  }

  /** Returns a whole number as written. */
  private String number() {
    int start = at;
    skip('-');
    digits();
    return new String(bytes, start, at - start, ISO_8859_1);
  }

  private long signed() {
    boolean negative = skip('-');
    int start = at;
    int digits = digits();
    long number = 0;
    for (int i = start; i < at; i++) {
      number = 10 * number + (bytes[i] - '0');
    }
    if (digits > MAX_SIGNED_DIGITS || number < 0) {
      throw new NotOrdinary();
    }
    return negative ? -number : number;
  }

  private int signed32() {
    long number = signed();
    if (number != (int) number) {
      throw new NotOrdinary();
    }
    return (int) number;
  }

  private long unsigned32() {
    long number = signed();
    if (number < 0 || number > 0xFFFF_FFFFL) {
      throw new NotOrdinary();
    }
    return number;
  }

  private long unsigned() {
    int start = at;
    int digits = digits();
    if (digits < MAX_SIGNED_DIGITS) {
      at = start;
      return signed();
    }
    if (digits > MAX_UNSIGNED_DIGITS) {
      throw new NotOrdinary();
    }
    try {
      return Long.parseUnsignedLong(new String(bytes, start, digits, ISO_8859_1));
    } catch (NumberFormatException tooLarge) {
      throw new NotOrdinary();
    }
  }

  /**
   * Skips the digits of a whole number.
   *
   * @return the number of digits
   */
  private int digits() {
    int start = at;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      at++;
    }
    int digits = at - start;
    boolean more = at < end && (bytes[at] == '.' || bytes[at] == 'e' || bytes[at] == 'E');
    if (digits == 0 || more || (digits > 1 && bytes[start] == '0')) {
      throw new NotOrdinary();
    }
    return digits;
  }

  /**
   * Skips a comma, or the closing bracket.
   *
   * @return whether it skipped a comma
   */
  private boolean more(char close) {
    if (skip(',')) {
      return true;
    }
    expect(close);
    return false;
  }

  private boolean skip(char c) {
    if (at < end && bytes[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(char c) {
    if (!skip(c)) {
      throw new NotOrdinary();
    }
  }

  /** Holds the keys of one kind of object, with the quote and the colon that follow them. */
  private static final class Keys {
    private final byte[][] keys;

    Keys(String... names) {
      keys = new byte[names.length][];
      for (int i = 0; i < names.length; i++) {
        keys[i] = (names[i] + "\":").getBytes(ISO_8859_1);
      }
    }

    /** Returns the index of the key at the beginning of these bytes, or -1. */
    int find(byte[] bytes, int from, int end, int likely) {
      // Keys in the usual order are found at the first comparison, even if some keys are missing.
      int key = likely < keys.length ? likely : 0;
      for (int i = 0; i < keys.length; i++) {
        byte[] wanted = keys[key];
        int to = from + wanted.length;
        if (to <= end
            && bytes[from] == wanted[0]
            && Arrays.equals(bytes, from, to, wanted, 0, wanted.length)) {
          return key;
        }
        key = key + 1 < keys.length ? key + 1 : 0;
      }
      return -1;
    }

    int length(int key) {
      return keys[key].length;
    }
  }

  /**
   * Caches frequent strings: names of hosts, events, arguments, types. Equal strings share one
   * object.
   */
  private static final class Strings {
    private static final int SLOTS = 1 << 10;
    private static final int LONGEST = 32;

    private final @Nullable String[] slots = new @Nullable String[SLOTS];
    private final byte[][] bytesOfSlots = new byte[SLOTS][];

    String of(byte[] bytes, int from, int to) {
      int length = to - from;
      if (length == 0) {
        return "";
      }
      if (length > LONGEST) {
        return new String(bytes, from, length, ISO_8859_1);
      }
      int hash = length;
      for (int i = from; i < to; i++) {
        hash = 31 * hash + bytes[i];
      }
      int slot = (hash ^ hash >>> 16) & (SLOTS - 1);
      String known = slots[slot];
      if (known != null && Arrays.equals(bytes, from, to, bytesOfSlots[slot], 0, known.length())) {
        return known;
      }
      var made = new String(bytes, from, length, ISO_8859_1);
      slots[slot] = made;
      bytesOfSlots[slot] = Arrays.copyOfRange(bytes, from, to);
      return made;
    }
  }
}
