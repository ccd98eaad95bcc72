package org.kmodwatch.lab;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.EventReader;
import org.kmodwatch.core.scan.ReadOptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Holds the results of a run of cases: the answers to the callers, by case, and the sensor's
 * record.
 *
 * @param kernel the kernel's name in the lab
 * @param result the files
 * @param log the output of the script
 * @param cases the cases by name, in the order of the script
 * @param events the events in the order of the ring
 * @param findings the parsed lines of findings.ndjson
 * @param loads the parsed lines of loads.ndjson
 * @param ledger the parsed ledger.json
 */
record GuestRecord(
    String kernel,
    LabResult result,
    String log,
    Map<String, GuestCase> cases,
    List<Event> events,
    List<JsonNode> findings,
    List<JsonNode> loads,
    JsonNode ledger) {

  private static final Pattern CASE = Pattern.compile("case (\\S+) (\\d+)");
  private static final Pattern CALL = Pattern.compile("(\\S+) ret=(-?\\d+) errno=(\\S+)");

  /** Maps names to the numbers of include/uapi/asm-generic/errno*.h. */
  private static final Map<String, Long> ERRNO =
      Map.ofEntries(
          entry("EPERM", 1L),
          entry("ENOENT", 2L),
          entry("ENOEXEC", 8L),
          entry("EBADF", 9L),
          entry("EACCES", 13L),
          entry("EEXIST", 17L),
          entry("ENODEV", 19L),
          entry("EINVAL", 22L),
          entry("EOPNOTSUPP", 95L),
          entry("EKEYREJECTED", 129L));

  /**
   * Holds one case of the script.
   *
   * @param name the name of the case
   * @param pid the process that made its calls, or the parent of the processes that did
   * @param calls the result of each call, as the caller got it
   */
  record GuestCase(String name, int pid, List<Call> calls) {

    /**
     * Returns the values that the kernel must have returned, derived from the C library's answers.
     */
    List<Long> returnValuesTold() {
      return calls.stream()
          .map(c -> c.ret() >= 0 ? c.ret() : -Objects.requireNonNull(ERRNO.get(c.errno())))
          .toList();
    }
  }

  /**
   * Holds the result of one call.
   *
   * @param ret the return value of the C library
   * @param errno the name of the errno; 0 for none
   */
  record Call(long ret, String errno) {}

  static GuestRecord of(String kernel, LabResult result) throws IOException {
    String log = Files.readString(result.guestLog(), StandardCharsets.ISO_8859_1);
    return new GuestRecord(
        kernel,
        result,
        log,
        cases(log.lines().toList()),
        events(result),
        JsonLines.of(result.findings()),
        JsonLines.of(result.loads()),
        new ObjectMapper().readTree(Files.readString(result.ledger())));
  }

  /** Returns the agent's standard error. */
  String agentLog() {
    try {
      return Files.readString(result.agentLog());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  GuestCase theCase(String name) {
    GuestCase theCase = cases.get(name);
    assertThat(theCase).as("case %s ran", name).isNotNull();
    return theCase;
  }

  /** Returns the events of a case's process and its children. */
  List<Event> eventsOf(String caseName) {
    int pid = theCase(caseName).pid();
    return events.stream()
        .filter(
            event ->
                event.process().hostProcessId() == pid
                    || event.process().hostParentProcessId() == pid)
        .toList();
  }

  List<Event> eventsOf(String caseName, String eventName) {
    return eventsOf(caseName).stream().filter(e -> e.eventName().equals(eventName)).toList();
  }

  /** Returns the only event of that name in the case. */
  Event event(String caseName, String eventName) {
    List<Event> found = eventsOf(caseName, eventName);
    assertThat(found).as("%s of case %s", eventName, caseName).hasSize(1);
    return found.getFirst();
  }

  /** Returns the findings of one signature on a case's process and its children. */
  List<JsonNode> findingsOf(String caseName, String signatureId) {
    int pid = theCase(caseName).pid();
    return findings(signatureId).stream()
        .filter(
            finding -> {
              JsonNode payload = finding.at("/Event/Payload");
              return payload.get("hostProcessId").asInt() == pid
                  || payload.get("hostParentProcessId").asInt() == pid;
            })
        .toList();
  }

  /** Returns the return values of a case's system calls, as the sensor recorded them. */
  List<Long> returnValuesSeen(GuestCase theCase) {
    return eventsOf(theCase.name()).stream()
        .filter(event -> event.eventName().matches("(f?init|delete)_module"))
        .map(Event::returnValue)
        .filter(Objects::nonNull)
        .toList();
  }

  /**
   * Returns how many returns of calls may lack an event, by the ledger, since the kernel skipped a
   * program.
   */
  int skippedReturns() {
    return skipped("fexit/__.*_sys_.*");
  }

  /** Returns how many reads of files may lack an event, for the same reason. */
  int skippedReads() {
    return skipped("fexit/security_kernel_read_file");
  }

  /** Returns the number of skipped programs; only real-time kernels skip any. */
  private int skipped(String hooks) {
    return ledger.at("/sensor/missedByHook").properties().stream()
        .filter(hook -> hook.getKey().matches(hooks))
        .mapToInt(hook -> hook.getValue().asInt())
        .sum();
  }

  /** Returns all findings of one signature. */
  List<JsonNode> findings(String signatureId) {
    return findings.stream()
        .filter(finding -> finding.at("/SigMetadata/ID").asString().equals(signatureId))
        .toList();
  }

  /** Returns the load records of a case's process and its children. */
  List<JsonNode> loadsOf(String caseName) {
    int pid = theCase(caseName).pid();
    return loads.stream()
        .filter(
            load ->
                load.at("/loader/hostPid").asInt() == pid
                    || load.at("/loader/ancestors/0/pid").asInt() == pid)
        .toList();
  }

  /** Returns the only load record of a case. */
  JsonNode load(String caseName) {
    List<JsonNode> found = loadsOf(caseName);
    assertThat(found).as("load records of case %s", caseName).hasSize(1);
    return found.getFirst();
  }

  private static Map<String, GuestCase> cases(List<String> lines) {
    var cases = new LinkedHashMap<String, GuestCase>();
    GuestCase current = null;
    for (String line : lines) {
      Matcher begin = CASE.matcher(line);
      Matcher call = CALL.matcher(line);
      if (begin.matches()) {
        current =
            new GuestCase(begin.group(1), Integer.parseInt(begin.group(2)), new ArrayList<>());
        cases.put(current.name(), current);
      } else if (call.matches() && current != null) {
        current.calls().add(new Call(Long.parseLong(call.group(2)), call.group(3)));
      }
    }
    return cases;
  }

  private static List<Event> events(LabResult result) throws IOException {
    var events = new ArrayList<Event>();
    var bad = new ArrayList<BadLine>();
    try (InputStream in = Files.newInputStream(result.events())) {
      EventReader.read(
          in,
          "events.ndjson",
          ReadOptions.DEFAULT,
          new EventHandler() {
            @Override
            public void onEvent(Event event) {
              events.add(event);
            }

            @Override
            public void onBadLine(BadLine line) {
              bad.add(line);
            }
          });
    }
    assertThat(bad).isEmpty();
    return events;
  }
}
