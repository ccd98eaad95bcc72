package org.kmodwatch.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordingFile;

/**
 * A node in a tree of sampled stacks holds a frame, the samples in it and below, and its callees.
 * Not thread-safe.
 */
final class StackTree {

  private static final String LAMBDA = "$$Lambda";
  private static final String OURS = "org.kmodwatch.";

  /** Names the entry of the program. Frames before it are the same in every run. */
  private static final String ENTRY = OURS + "agent.Main";

  private final String frame;
  private final Map<String, StackTree> callees = new LinkedHashMap<>();
  private long weight;

  StackTree(String frame) {
    this.frame = frame;
  }

  /** Says which kind of event is sampled. */
  enum Kind {
    /** Samples the processor time of Java's threads. */
    CPU("jdk.CPUTimeSample"),
    /** Samples allocated bytes. */
    ALLOCATION("jdk.ObjectAllocationSample");

    private final String event;

    Kind(String event) {
      this.event = event;
    }
  }

  /** Reads a recording of the JDK's Flight Recorder. */
  static StackTree read(Path recording, Kind kind) throws IOException {
    var root = new StackTree("all");
    try (var events = new RecordingFile(recording)) {
      while (events.hasMoreEvents()) {
        RecordedEvent event = events.readEvent();
        if (event.getEventType().getName().equals(kind.event) && event.getStackTrace() != null) {
          var frames = new ArrayList<String>();
          for (RecordedFrame frame : event.getStackTrace().getFrames().reversed()) {
            // The JDK's frames for a lambda have an address as their name, which does not help a
            // reader.
            if (!frame.getMethod().getType().getName().contains(LAMBDA)) {
              frames.add(name(frame.getMethod()));
            }
          }
          root.add(fromOurs(frames), kind == Kind.CPU ? 1 : event.getLong("weight"));
        }
      }
    }
    return root;
  }

  /** Adds a stack, the outermost frame first. */
  void add(List<String> stack, long more) {
    StackTree at = this;
    at.weight += more;
    for (String each : stack) {
      at = at.callees.computeIfAbsent(each, StackTree::new);
      at.weight += more;
    }
  }

  /** Returns the method as {@code package.Class.name}. */
  String frame() {
    return frame;
  }

  /** Returns the weight of the samples here and below. */
  long weight() {
    return weight;
  }

  /** Returns the callees, the heaviest first. */
  List<StackTree> callees() {
    return callees.values().stream()
        .sorted(Comparator.comparingLong(StackTree::weight).reversed())
        .toList();
  }

  /** Returns the weight of the samples in each frame itself, over the whole tree. */
  Map<String, Long> own() {
    var own = new LinkedHashMap<String, Long>();
    addOwn(own);
    return own;
  }

  private void addOwn(Map<String, Long> own) {
    long below = 0;
    for (StackTree callee : callees.values()) {
      below += callee.weight;
      callee.addOwn(own);
    }
    own.merge(frame, weight - below, Long::sum);
  }

  private static String name(RecordedMethod method) {
    return method.getType().getName() + "." + method.getName();
  }

  /** Returns the stack from the first frame of Kmodwatch after the entry of the program. */
  private static List<String> fromOurs(List<String> frames) {
    for (int i = 0; i < frames.size(); i++) {
      if (frames.get(i).startsWith(OURS) && !frames.get(i).startsWith(ENTRY)) {
        return frames.subList(i, frames.size());
      }
    }
    return List.of("Java, before and beside");
  }
}
