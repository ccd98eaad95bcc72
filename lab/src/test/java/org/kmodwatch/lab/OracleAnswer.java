package org.kmodwatch.lab;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.lab.KernelModules.Module;
import org.kmodwatch.lab.TraceOracle.Call;
import org.kmodwatch.lab.TraceOracle.Fork;
import org.kmodwatch.lab.TraceOracle.Request;
import tools.jackson.databind.JsonNode;

/**
 * Holds the result of comparing load records with ftrace's trace.
 *
 * @param calls the number of calls that must have a record
 * @param checks the number of compared fields
 * @param gaps the number of fields that were absent and reported as such, by field
 * @param told further numbers, in words
 * @param mismatches the differences from the kernel's behaviour, in words
 */
record OracleAnswer(
    int calls, int checks, Map<String, Integer> gaps, List<String> told, List<String> mismatches) {

  /** Allows for a difference between the two clocks, since the shell takes time to read one. */
  private static final long TOLERANCE_NANOS = 2_000_000;

  /** A flag that only the service's own calls have. */
  private static final long CANARY = 1L << 30;

  /**
   * Lists the parameters that the script or systemd's file in /usr/lib/modprobe.d gives to modules.
   * libkmod adds a blank after those of the file. All other modules have none.
   */
  private static final Map<String, String> PARAMS =
      Map.of(
          "kw_params", "number=42 text=\"two words\"",
          "bonding", "max_bonds=0 ",
          "dummy", "numdummies=0 ",
          "ifb", "numifbs=0 ");

  /** Names the user that creates the script's sockets. */
  private static final int NOBODY = 65534;

  /** Maps the numbers of include/uapi/asm-generic/errno*.h to names. */
  private static final Map<Long, String> ERRNO =
      Map.ofEntries(
          Map.entry(1L, "EPERM"),
          Map.entry(2L, "ENOENT"),
          Map.entry(5L, "EIO"),
          Map.entry(6L, "ENXIO"),
          Map.entry(8L, "ENOEXEC"),
          Map.entry(9L, "EBADF"),
          Map.entry(11L, "EAGAIN"),
          Map.entry(12L, "ENOMEM"),
          Map.entry(14L, "EFAULT"),
          Map.entry(16L, "EBUSY"),
          Map.entry(17L, "EEXIST"),
          Map.entry(19L, "ENODEV"),
          Map.entry(22L, "EINVAL"),
          Map.entry(25L, "ENOTTY"),
          Map.entry(26L, "ETXTBSY"),
          Map.entry(38L, "ENOSYS"),
          Map.entry(95L, "EOPNOTSUPP"),
          Map.entry(129L, "EKEYREJECTED"));

  private static final Map<Long, String> LOAD_FLAGS =
      Map.of(1L, "IGNORE_MODVERSIONS", 2L, "IGNORE_VERMAGIC", 4L, "COMPRESSED_FILE");
  private static final Map<Long, String> DELETE_FLAGS =
      Map.of(0x800L, "O_NONBLOCK", 0x200L, "O_TRUNC");

  /**
   * Compares records with the trace.
   *
   * @param armedNanos the time after boot when the service reported that it watches, in nanoseconds
   * @param records all records of the service
   * @param modules the modules of the distribution
   */
  static OracleAnswer of(
      TraceOracle oracle, long armedNanos, List<JsonNode> records, Map<String, Module> modules)
      throws IOException {
    return new Comparison(oracle, oracle.bootNanos() + armedNanos, records, modules).run();
  }

  /** Returns the whole answer, one fact per line. */
  String text() {
    var lines = new ArrayList<String>();
    lines.add("%d calls, %d checks, %d mismatches".formatted(calls, checks, mismatches.size()));
    gaps.forEach((field, count) -> lines.add("gap %s: %d".formatted(field, count)));
    lines.addAll(told);
    mismatches.forEach(mismatch -> lines.add("mismatch " + mismatch));
    return String.join("\n", lines) + "\n";
  }

  private static final class Comparison {
    private final TraceOracle oracle;
    private final long armed;
    private final List<JsonNode> live = new ArrayList<>();
    private final List<JsonNode> before = new ArrayList<>();
    private final List<JsonNode> requests = new ArrayList<>();
    private final Map<String, Module> modules;
    private final Map<Call, List<JsonNode>> recordsOf = new HashMap<>();
    private final Map<String, String> sums = new HashMap<>();
    private final Map<Integer, List<Fork>> forks = new HashMap<>();
    private final Map<String, Integer> gaps = new TreeMap<>();
    private final List<String> mismatches = new ArrayList<>();
    private int checks;

    Comparison(
        TraceOracle oracle, long armed, List<JsonNode> records, Map<String, Module> modules) {
      this.oracle = oracle;
      this.armed = armed;
      this.modules = modules;
      for (JsonNode record : last(records)) {
        if (record.at("/action").asString().equals("request")) {
          requests.add(record);
        } else if (record.path("preExisting").asBoolean(false)) {
          before.add(record);
        } else {
          live.add(record);
        }
      }
      for (Fork fork : oracle.forks()) {
        forks.computeIfAbsent(fork.childId(), unknown -> new ArrayList<>()).add(fork);
      }
    }

    /** Returns the records without those that a later record replaces, as for a slow load. */
    private static List<JsonNode> last(List<JsonNode> records) {
      var last = new ArrayList<JsonNode>();
      for (JsonNode record : records) {
        boolean replaces =
            record
                .path("gaps")
                .valueStream()
                .anyMatch(
                    gap ->
                        gap.at("/field").asString().equals("id")
                            && gap.at("/why").asString().startsWith("replaces "));
        if (replaces) {
          last.removeIf(earlier -> earlier.at("/id").equals(record.at("/id")));
        }
        last.add(record);
      }
      return last;
    }

    OracleAnswer run() throws IOException {
      var unclaimed = new ArrayList<JsonNode>();
      for (JsonNode record : live) {
        Call call = callOf(record);
        if (call == null) {
          unclaimed.add(record);
        } else {
          recordsOf.computeIfAbsent(call, unknown -> new ArrayList<>()).add(record);
        }
      }
      int due = 0;
      int canaries = 0;
      int earlier = 0;
      for (Call call : oracle.calls()) {
        List<JsonNode> found = recordsOf.getOrDefault(call, List.of());
        if (isCanary(call)) {
          canaries++;
          check(found.isEmpty(), call, "a record of the service's own call: " + found);
        } else if (call.enteredNanos() >= armed) {
          due++;
          check(found.size() == 1, call, "%d records of it".formatted(found.size()));
          if (found.size() == 1) {
            compare(found.getFirst(), call);
          }
        } else {
          earlier++;
          check(found.size() <= 1, call, "%d records of it".formatted(found.size()));
        }
      }
      for (JsonNode record : unclaimed) {
        check(false, null, "a record of no call: " + record);
      }
      inventory();
      List<String> silent = requests();
      return new OracleAnswer(
          due,
          checks,
          gaps,
          List.of(
              "%d calls before the service was armed, %d modules in its inventory"
                  .formatted(earlier, before.size()),
              "%d calls of the service's own".formatted(canaries),
              "%d requests for modules, %d that no record tells of"
                  .formatted(oracle.requests().size(), silent.size()),
              "clocks apart by %d ns".formatted(oracle.clockDriftNanos())),
          mismatches);
    }

    private static boolean isCanary(Call call) {
      return call.syscall().equals("finit_module")
          && (int) call.argument("fd") == -1
          && (call.argument("flags") & CANARY) != 0;
    }

    /**
     * Finds the call of a record by the time and the thread in the record's id. Among the calls of
     * the thread at that time, within the tolerance, it takes the one entered closest to it.
     */
    private @Nullable Call callOf(JsonNode record) {
      int thread = Integer.parseInt(id(record)[1], 16);
      long entered = Long.parseUnsignedLong(id(record)[0], 16);
      Call next = null;
      for (Call call : oracle.calls()) {
        if (call.task().threadId() == thread
            && entered >= call.enteredNanos() - TOLERANCE_NANOS
            && entered <= call.returnedNanos() + TOLERANCE_NANOS
            && (next == null
                || Math.abs(entered - call.enteredNanos())
                    < Math.abs(entered - next.enteredNanos()))) {
          next = call;
        }
      }
      return next;
    }

    private static String[] id(JsonNode record) {
      return record.at("/id").asString().split("-", -1);
    }

    private void compare(JsonNode record, Call call) throws IOException {
      boolean load = !call.syscall().equals("delete_module");
      boolean accepted = call.returnValue() >= 0;
      field(record, call, "action", load ? "load" : "unload");
      field(record, call, "route.syscall", call.syscall());
      field(record, call, "route.abi", "native");
      field(record, call, "loader.tid", call.task().threadId());
      if (call.task().processId() != 0) {
        field(record, call, "loader.hostPid", call.task().processId());
      }
      if (call.task().hasComm()) {
        field(record, call, "loader.comm", call.task().comm());
      }
      field(record, call, "returnValue", call.returnValue());
      field(record, call, "errno", accepted ? null : errno(call.returnValue()));
      String outcome = record.at("/outcome").asString("");
      check(
          accepted
              ? outcome.equals(load ? "loaded" : "unloaded")
              : outcome.matches("refused|failed"),
          call,
          "outcome " + outcome);
      check(accepted || record.has("reason"), call, "no reason");
      field(record, call, "route.flags", flags(call));
      duration(record, call);
      String name = load ? call.loaded() : call.freed();
      if (name != null) {
        field(record, call, "module.name", name);
      }
      if (call.loaded() != null) {
        field(record, call, "module.taints", call.taints());
        field(record, call, "route.params", PARAMS.getOrDefault(call.loaded(), ""));
        check(record.path("codeMayHaveRun").asBoolean(false) != accepted, call, "codeMayHaveRun");
      }
      if (load) {
        image(record, call);
        autoload(record, call);
      }
    }

    private static List<String> flags(Call call) {
      Map<Long, String> names =
          switch (call.syscall()) {
            case "finit_module" -> LOAD_FLAGS;
            case "delete_module" -> DELETE_FLAGS;
            default -> Map.of();
          };
      if (names.isEmpty()) {
        return List.of();
      }
      long left = call.argument("flags") & 0xffff_ffffL;
      var flags = new ArrayList<String>();
      for (Map.Entry<Long, String> name : names.entrySet()) {
        if ((left & name.getKey()) != 0) {
          flags.add(name.getValue());
          left &= ~name.getKey();
        }
      }
      if (left != 0) {
        flags.add("0x" + Long.toHexString(left));
      }
      return flags;
    }

    private void duration(JsonNode record, Call call) {
      long took = record.at("/durationNs").asLong(-1);
      boolean good =
          took < 0
              ? hasGap(record, "durationNs") || hasGap(record, "returnValue")
              : took <= call.returnedNanos() - call.enteredNanos() + TOLERANCE_NANOS;
      check(good, call, "durationNs " + took);
      Instant time = Instant.parse(record.at("/time").asString());
      long apart = time.getEpochSecond() * 1_000_000_000L + time.getNano() - call.enteredNanos();
      check(
          apart >= -TOLERANCE_NANOS
              && apart <= call.returnedNanos() - call.enteredNanos() + TOLERANCE_NANOS,
          call,
          "time " + time);
    }

    /** Checks the image of a distribution's module: the bytes and the file are the module's own. */
    private void image(JsonNode record, Call call) throws IOException {
      String name = record.at("/module/name").asString("");
      Module module = modules.get(name);
      if (module == null) {
        return;
      }
      String own = sums.get(name);
      if (own == null) {
        own = module.sha256();
        sums.put(name, own);
      }
      String whole = record.at("/image/decompressed/sha256").asString("");
      if (whole.isEmpty()) {
        field(record, call, "image.sha256", own);
      } else {
        field(record, call, "image.decompressed.sha256", own);
      }
      field(record, call, "file.path", module.file());
    }

    /** Checks whether a worker of the kernel started the process, and for which requester. */
    private void autoload(JsonNode record, Call call) {
      int process = call.task().processId();
      Fork birth = null;
      for (Fork fork : forks.getOrDefault(process, List.of())) {
        if (fork.timeNanos() <= call.enteredNanos()) {
          birth = fork;
        }
      }
      if (birth == null) {
        return;
      }
      check(
          record.at("/route/autoload").asBoolean(false) == birth.byKernel(),
          call,
          "route.autoload " + record.at("/route/autoload"));
      JsonNode requester = record.path("requester");
      if (!birth.byKernel()) {
        check(requester.isMissingNode(), call, "a requester: " + requester);
        return;
      }
      Request request = null;
      for (Request one : oracle.requests()) {
        if (one.alias().equals(requester.path("alias").asString(""))
            && one.timeNanos() <= birth.timeNanos()) {
          request = one;
        }
      }
      if (request == null) {
        check(hasGap(record, "requester"), call, "nobody's request: " + requester);
        return;
      }
      field(record, call, "requester.tid", request.task().threadId());
      if (request.task().hasComm()) {
        field(record, call, "requester.comm", request.task().comm());
        if (request.task().comm().equals("kwload")) {
          field(record, call, "requester.uid", NOBODY);
        }
      }
    }

    /**
     * Checks that each module from before the service watched has one record: of its load, or of
     * the inventory.
     */
    private void inventory() {
      var loaded = new TreeSet<String>();
      for (Call call : oracle.calls()) {
        if (call.enteredNanos() < armed && call.returnValue() >= 0) {
          if (call.loaded() != null) {
            loaded.add(call.loaded());
          }
          if (call.freed() != null) {
            loaded.remove(call.freed());
          }
        }
      }
      var known = new ArrayList<String>();
      before.forEach(record -> known.add(record.at("/module/name").asString()));
      for (Call call : oracle.calls()) {
        String name = call.loaded();
        if (name != null
            && call.enteredNanos() < armed
            && call.returnValue() >= 0
            && recordsOf.containsKey(call)) {
          known.add(name);
        }
      }
      for (String name : loaded) {
        long times = known.stream().filter(name::equals).count();
        check(times == 1, null, "%s was there before, with %d records".formatted(name, times));
      }
      Set<String> others = new TreeSet<>(known);
      others.removeAll(loaded);
      check(others.isEmpty(), null, "not there before: " + others);
    }

    /** Returns the requests that have neither a load's record nor their own. */
    private List<String> requests() {
      for (JsonNode record : requests) {
        check(
            oracle.requests().stream().anyMatch(request -> tells(record, request)),
            null,
            "a request that nobody made: " + record);
      }
      var silent = new ArrayList<String>();
      for (Request request : oracle.requests()) {
        if (request.timeNanos() >= armed
            && live.stream().noneMatch(record -> tells(record, request))
            && requests.stream().noneMatch(record -> tells(record, request))) {
          silent.add(request.alias());
        }
      }
      // An agent that records requests has a record of each that led to nothing.
      check(
          requests.isEmpty() || silent.isEmpty(),
          null,
          "requests without a record: " + new TreeSet<>(silent));
      return silent;
    }

    private static boolean tells(JsonNode record, Request request) {
      return record.at("/requester/alias").asString("").equals(request.alias())
          && record.at("/requester/tid").asInt(0) == request.task().threadId();
    }

    private void field(JsonNode record, Call call, String field, @Nullable Object expected) {
      JsonNode got = record.at("/" + field.replace('.', '/'));
      Object value = value(got, expected);
      boolean absent = expected == null || expected.equals(List.of());
      boolean same = absent ? got.isMissingNode() : Objects.equals(expected, value);
      check(
          same || (got.isMissingNode() && hasGap(record, field)),
          call,
          "%s is %s, and was %s".formatted(field, got, expected));
    }

    /** Converts the value to the type of the expected value; a list is in any order. */
    private static @Nullable Object value(JsonNode got, @Nullable Object expected) {
      if (expected instanceof List<?> list) {
        var values = got.valueStream().map(JsonNode::asString).toList();
        return Set.copyOf(values).equals(Set.copyOf(list)) ? list : values;
      }
      return switch (expected) {
        case Long number -> got.isNumber() ? (Object) got.asLong() : null;
        case Integer number -> got.isNumber() ? (Object) got.asInt() : null;
        case null, default -> got.asString("");
      };
    }

    private boolean hasGap(JsonNode record, String field) {
      for (JsonNode gap : record.path("gaps")) {
        String name = gap.at("/field").asString();
        if (field.equals(name) || field.startsWith(name + ".")) {
          gaps.merge(name + ": " + gap.at("/why").asString(), 1, Integer::sum);
          return true;
        }
      }
      return false;
    }

    private void check(boolean good, @Nullable Call call, String what) {
      checks++;
      if (!good) {
        mismatches.add(call == null ? what : "%s: %s".formatted(call, what));
      }
    }
  }

  private static String errno(long returnValue) {
    return ERRNO.getOrDefault(-returnValue, "errno " + -returnValue);
  }
}
