package org.kmodwatch.agent.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;

/**
 * Adds to the live sensor's events the container in which they happened, by the cgroup of their
 * process. If an event lacks the cgroup's path, the path is read from the running process. That
 * path only counts if its cgroup has the id in the event.
 */
public final class ContainerEnrichment {

  /** How many paths are kept. Cgroups are created and removed. */
  static final int MAX_KEPT = 512;

  /** The root of the hierarchy, which is not a container. */
  private static final long ROOT_CGROUP_ID = 1;

  private static final int MAX_LINES = 64;

  private final Path root;
  private final ContainerLookup lookup;
  private final Map<Long, String> pathById =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, String> eldest) {
          return size() > MAX_KEPT;
        }
      };

  /**
   * Reads the host whose file system begins at {@code root}.
   *
   * @param nanoTime a clock that only goes forward
   */
  public ContainerEnrichment(Path root, LongSupplier nanoTime) {
    this.root = root;
    this.lookup = new ContainerLookup(root, nanoTime);
  }

  /** Returns {@code event} with its container, if it happened in one and does not have it yet. */
  public Event enrich(Event event) {
    String said = event.container().id();
    if (said != null && !said.isEmpty()) {
      return event;
    }
    return path(event)
        .flatMap(lookup::of)
        .map(found -> event.inContainer(found.container(), found.kubernetes()))
        .orElse(event);
  }

  private Optional<String> path(Event event) {
    Optional<String> path =
        SensorContexts.of(event)
            .map(SensorContext::task)
            .map(SensorContext.Task::cgroupPath)
            .filter(text -> !text.isEmpty());
    long id = event.process().cgroupId();
    if (path.isPresent() || id == 0 || id == ROOT_CGROUP_ID) {
      return path;
    }
    String known = pathById.get(id);
    if (known != null) {
      return Optional.of(known);
    }
    Optional<String> asked = pathOf(event.process().hostProcessId(), id);
    asked.ifPresent(found -> pathById.put(id, found));
    return asked;
  }

  /** Returns the version 2 cgroup of a process, if it has the id {@code cgroupId}. */
  private Optional<String> pathOf(int hostProcessId, long cgroupId) {
    try (Stream<String> lines = Files.lines(root.resolve("proc/" + hostProcessId + "/cgroup"))) {
      return lines
          .limit(MAX_LINES)
          .filter(line -> line.startsWith("0::/"))
          .map(line -> line.substring("0::".length()))
          .filter(path -> inode("sys/fs/cgroup" + path) == cgroupId)
          .findFirst();
    } catch (IOException | java.io.UncheckedIOException gone) {
      return Optional.empty();
    }
  }

  private long inode(String folder) {
    try {
      return Files.getAttribute(root.resolve(folder), "unix:ino") instanceof Long inode ? inode : 0;
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException gone) {
      return 0;
    }
  }
}
