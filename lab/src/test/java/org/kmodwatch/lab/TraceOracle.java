package org.kmodwatch.lab;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses ftrace's trace of module work into calls, requests and processes. It shares only the
 * kernel with the sensor. Times are nanoseconds since the epoch, known to the microsecond.
 *
 * @param calls the calls in the order of their entries
 * @param requests the requests, in order
 * @param forks the forks, in order
 * @param steps the begin of each step of the script, by name
 * @param bootNanos the time when the kernel's clock began
 * @param clockDriftNanos the difference of the two readings of the clock, at the begin and the end
 */
record TraceOracle(
    List<Call> calls,
    List<Request> requests,
    List<Fork> forks,
    Map<String, Long> steps,
    long bootNanos,
    long clockDriftNanos) {

  /** Matches a line: COMM-TID ( TGID) [CPU] FLAGS SECONDS.MICROSECONDS: TEXT. */
  private static final Pattern LINE =
      Pattern.compile(
          "\\s*(.+)-(\\d+)\\s+\\(\\s*(\\d+|-+)\\)\\s+\\[\\d+\\]\\s+\\S+\\s+(\\d+\\.\\d{6}): (.*)");

  private static final Pattern ENTER =
      Pattern.compile("sys_(f?init_module|delete_module)\\((.*)\\)");
  private static final Pattern EXIT =
      Pattern.compile("sys_(f?init_module|delete_module) -> 0x([0-9a-f]+)");
  private static final Pattern LOAD = Pattern.compile("module_load: (\\S+) ?(\\S*)");
  private static final Pattern FREE = Pattern.compile("module_free: (\\S+)");
  private static final Pattern REQUEST =
      Pattern.compile("module_request: (\\S+) wait=\\d+ call_site=.*");
  private static final Pattern FORK =
      Pattern.compile("sched_process_fork: comm=(.*) pid=(\\d+) child_comm=.* child_pid=(\\d+)");
  private static final Pattern MARK = Pattern.compile("tracing_mark_write: (.*)");

  private static final Map<Character, String> TAINTS =
      Map.of(
          'P', "PROPRIETARY",
          'O', "OUT_OF_TREE",
          'F', "FORCED",
          'C', "STAGING",
          'E', "UNSIGNED");

  /**
   * Describes a system call.
   *
   * @param syscall the name of the call
   * @param arguments the arguments by name, as ftrace writes them: numbers without a sign, in
   *     hexadecimal
   * @param task the calling thread
   * @param enteredNanos the time of entry
   * @param returnedNanos the time of return
   * @param returnValue the return value
   * @param loaded the module that the call loaded; null for none
   * @param taints the taints of that module, by name
   * @param freed the module that the call removed; null for none
   */
  record Call(
      String syscall,
      Map<String, Long> arguments,
      Task task,
      long enteredNanos,
      long returnedNanos,
      long returnValue,
      @Nullable String loaded,
      List<String> taints,
      @Nullable String freed) {

    long argument(String name) {
      return Objects.requireNonNull(arguments.get(name), name);
    }
  }

  /**
   * Names the thread of an event.
   *
   * @param comm the name that ftrace stored; {@code <...>} if it has none
   * @param processId the process; 0 if ftrace does not know it
   */
  record Task(String comm, int threadId, int processId) {
    boolean hasComm() {
      return !comm.equals("<...>");
    }
  }

  /** A request asks the kernel to load a module. */
  record Request(String alias, Task task, long timeNanos) {}

  /** A process was created. */
  record Fork(String parentComm, int parentId, int childId, long timeNanos) {

    /** Returns whether the kernel created it for itself: it starts programs from a worker. */
    boolean byKernel() {
      return parentComm.startsWith("kworker/") || parentComm.equals("kthreadd");
    }
  }

  /**
   * Reads a trace.
   *
   * @param lines the lines of tracefs's file {@code trace}, with processes and with the clock
   *     {@code boot}
   * @throws IllegalArgumentException if a line is malformed, or the trace has no clock readings
   */
  static TraceOracle of(List<String> lines) {
    return new Reader().read(lines);
  }

  /** A call that has not returned yet. */
  private static final class Open {
    final String syscall;
    final Map<String, Long> arguments;
    final long entered;
    @Nullable String loaded;
    List<String> taints = List.of();
    @Nullable String freed;

    Open(String syscall, Map<String, Long> arguments, long entered) {
      this.syscall = syscall;
      this.arguments = arguments;
      this.entered = entered;
    }
  }

  private static final class Reader {
    private final Map<Integer, Open> open = new HashMap<>();
    private final TreeMap<Long, Call> calls = new TreeMap<>();
    private final List<Request> requests = new ArrayList<>();
    private final List<Fork> forks = new ArrayList<>();
    private final Map<String, Long> steps = new HashMap<>();

    TraceOracle read(List<String> lines) {
      List<Long> offsets = offsets(lines);
      long offset = offsets.stream().mapToLong(Long::longValue).min().orElseThrow();
      for (String line : lines) {
        Matcher matcher = LINE.matcher(line);
        if (matcher.matches()) {
          var task =
              new Task(
                  matcher.group(1),
                  Integer.parseInt(matcher.group(2)),
                  matcher.group(3).startsWith("-") ? 0 : Integer.parseInt(matcher.group(3)));
          event(task, nanos(matcher.group(4)) - offset, matcher.group(5));
        } else if (!line.startsWith("#")) {
          throw new IllegalArgumentException("no line of a trace: " + line);
        }
      }
      if (!open.isEmpty()) {
        throw new IllegalArgumentException("calls that never returned: " + open.keySet());
      }
      // Half of the readings are from the begin, half from the end.
      int half = offsets.size() / 2;
      long drift =
          offsets.subList(0, half).stream().mapToLong(Long::longValue).min().orElseThrow()
              - offsets.subList(half, offsets.size()).stream()
                  .mapToLong(Long::longValue)
                  .min()
                  .orElseThrow();
      return new TraceOracle(
          List.copyOf(calls.values()),
          List.copyOf(requests),
          List.copyOf(forks),
          Map.copyOf(steps),
          -offset,
          Math.abs(drift));
    }

    private void event(Task task, long time, String what) {
      Matcher enter = ENTER.matcher(what);
      Matcher exit = EXIT.matcher(what);
      Matcher load = LOAD.matcher(what);
      Matcher free = FREE.matcher(what);
      Matcher request = REQUEST.matcher(what);
      Matcher fork = FORK.matcher(what);
      Matcher mark = MARK.matcher(what);
      if (enter.matches()) {
        open.put(task.threadId(), new Open(enter.group(1), arguments(enter.group(2)), time));
      } else if (exit.matches()) {
        Open call = open.remove(task.threadId());
        if (call != null && call.syscall.equals(exit.group(1))) {
          put(
              new Call(
                  call.syscall,
                  call.arguments,
                  task,
                  call.entered,
                  time,
                  Long.parseUnsignedLong(exit.group(2), 16),
                  call.loaded,
                  call.taints,
                  call.freed));
        } else {
          throw new IllegalArgumentException("a return without its call: " + what);
        }
      } else if (load.matches()) {
        Open call = inside(task, what);
        call.loaded = load.group(1);
        call.taints = taints(load.group(2));
      } else if (free.matches()) {
        inside(task, what).freed = free.group(1);
      } else if (request.matches()) {
        requests.add(new Request(request.group(1), task, time));
      } else if (fork.matches()) {
        forks.add(
            new Fork(
                fork.group(1),
                Integer.parseInt(fork.group(2)),
                Integer.parseInt(fork.group(3)),
                time));
      } else if (mark.matches()) {
        if (mark.group(1).startsWith("step ")) {
          steps.put(mark.group(1).substring("step ".length()), time);
        }
      } else {
        throw new IllegalArgumentException("no event that was asked for: " + what);
      }
    }

    private Open inside(Task task, String what) {
      Open call = open.get(task.threadId());
      if (call == null) {
        throw new IllegalArgumentException("outside of any call: " + what);
      }
      return call;
    }

    private void put(Call call) {
      long key = call.enteredNanos();
      while (calls.containsKey(key)) {
        key++;
      }
      calls.put(key, call);
    }

    /**
     * Returns how far the trace's clock was ahead of the time of day, at most, since the shell
     * needs some time.
     */
    private static List<Long> offsets(List<String> lines) {
      var offsets = new ArrayList<Long>();
      for (String line : lines) {
        Matcher matcher = LINE.matcher(line);
        if (matcher.matches() && matcher.group(5).startsWith("tracing_mark_write: clock ")) {
          String clock = matcher.group(5).substring("tracing_mark_write: clock ".length());
          offsets.add(nanos(matcher.group(4)) - nanos(clock));
        }
      }
      if (offsets.size() < 4) {
        throw new IllegalArgumentException("nothing in it says what its clock means");
      }
      return offsets;
    }

    private static long nanos(String seconds) {
      return new BigDecimal(seconds).movePointRight(9).longValueExact();
    }

    private static Map<String, Long> arguments(String text) {
      var arguments = new HashMap<String, Long>();
      for (String argument : text.split(", ", -1)) {
        int colon = argument.indexOf(": ");
        String value = argument.substring(colon + 2).replaceFirst("^0x", "");
        arguments.put(argument.substring(0, colon), Long.parseUnsignedLong(value, 16));
      }
      return arguments;
    }

    private static List<String> taints(String letters) {
      var taints = new ArrayList<String>();
      for (int i = 0; i < letters.length(); i++) {
        char letter = letters.charAt(i);
        String name = TAINTS.get(letter);
        taints.add(name == null ? "?" + letter : name);
      }
      return taints;
    }
  }
}
