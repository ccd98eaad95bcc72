package org.kmodwatch.agent.container;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.container.ContainerId;
import org.kmodwatch.core.container.ContainerIds;
import org.kmodwatch.core.container.ContainerNames;
import org.kmodwatch.core.container.ContainerRuntime;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.sensor.kernel.HeldFile;

/**
 * Finds the names of a cgroup's container in the files of this host's runtimes. A result, also an
 * empty one, is valid for {@link #KEPT}. One thread may use it.
 *
 * <p>The files of a user's own Podman are in that user's home. Of these containers only the id is
 * known.
 */
public final class ContainerLookup {

  /** How long a result is valid: containers are renamed, and files are written a moment late. */
  static final Duration KEPT = Duration.ofSeconds(10);

  /** How many results are kept. After that the oldest is removed. */
  static final int MAX_KEPT = 1_024;

  /** The largest file that is read. Podman has one file for all containers. */
  static final int MAX_FILE_BYTES = 8 << 20;

  private static final String CONTAINERD_TASKS = "run/containerd/io.containerd.runtime.v2.task/";

  /**
   * A path with namespace and id as containerd allows them (its package identifiers), and a rest.
   */
  private static final Pattern CONTAINERD_TASK =
      Pattern.compile("/([A-Za-z0-9][\\w.-]{0,75}/([A-Za-z0-9][\\w.-]{0,75}))(?:/.*)?");

  private final Path root;
  private final LongSupplier nanoTime;
  private final Map<String, Kept> kept =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Kept> eldest) {
          return size() > MAX_KEPT;
        }
      };

  /**
   * Reads the host below a root.
   *
   * @param root the root of the host's file system, {@code /} unless the agent is in a container
   * @param nanoTime a clock that only goes forward, as {@link System#nanoTime}
   */
  ContainerLookup(Path root, LongSupplier nanoTime) {
    this.root = root;
    this.nanoTime = nanoTime;
  }

  /**
   * A container and its pod.
   *
   * @param id the id from the cgroup
   * @param container its id and names
   * @param kubernetes its pod, {@link KubernetesContext#NONE} if it is in none
   */
  record Found(ContainerId id, ContainerContext container, KubernetesContext kubernetes) {}

  /**
   * Returns the container of the cgroup {@code path}; empty if the cgroup is not in a container.
   */
  Optional<Found> of(String path) {
    return ContainerIds.of(path).or(() -> ofContainerdTask(path)).map(this::named);
  }

  /**
   * Returns the container of a cgroup {@code /NAMESPACE/ID}, which containerd's own client creates.
   * The user chooses this id, so only containerd's folder of that task shows that it is a
   * container.
   */
  private Optional<ContainerId> ofContainerdTask(String path) {
    Matcher task = CONTAINERD_TASK.matcher(path);
    return task.matches()
            && Files.isDirectory(root.resolve(CONTAINERD_TASKS + task.group(1)), NOFOLLOW_LINKS)
        ? Optional.of(new ContainerId(ContainerRuntime.CONTAINERD, task.group(2), null))
        : Optional.empty();
  }

  private Found named(ContainerId id) {
    long now = nanoTime.getAsLong();
    Kept known = kept.get(id.id());
    if (known != null && known.found.id().equals(id) && now - known.atNanos < KEPT.toNanos()) {
      return known.found;
    }
    ContainerNames names = names(id);
    var found =
        new Found(
            id,
            new ContainerContext(
                id.id(),
                names == null ? null : names.name(),
                image(names),
                null,
                id.runtime().wireName()),
            pod(id, names == null ? KubernetesContext.NONE : names.kubernetes()));
    // Removed first, so that it is the youngest again.
    kept.remove(id.id());
    kept.put(id.id(), new Kept(found, now));
    return found;
  }

  private static @Nullable String image(@Nullable ContainerNames names) {
    return names == null ? null : names.image();
  }

  private static KubernetesContext pod(ContainerId id, KubernetesContext named) {
    return named.podUid() != null || id.podUid() == null
        ? named
        : new KubernetesContext(
            named.podName(), named.podNamespace(), id.podUid(), named.podSandbox());
  }

  private @Nullable ContainerNames names(ContainerId id) {
    return switch (id.runtime()) {
      case DOCKER -> ofDocker(id);
      case PODMAN -> ofPodman(id);
      case CONTAINERD, CRIO -> ofOci(id);
      case UNKNOWN -> {
        ContainerNames names = ofDocker(id);
        names = names == null ? ofOci(id) : names;
        yield names == null ? ofPodman(id) : names;
      }
    };
  }

  private @Nullable ContainerNames ofDocker(ContainerId id) {
    return read("var/lib/docker/containers/" + id.id() + "/config.v2.json")
        .flatMap(file -> ContainerNames.ofDocker(file, id.podUid()))
        .orElse(null);
  }

  private @Nullable ContainerNames ofPodman(ContainerId id) {
    for (String list : List.of("containers.json", "volatile-containers.json")) {
      Optional<ContainerNames> names =
          read("var/lib/containers/storage/overlay-containers/" + list)
              .flatMap(file -> ContainerNames.ofPodman(file, id.id()));
      if (names.isPresent()) {
        return names.get();
      }
    }
    return null;
  }

  private @Nullable ContainerNames ofOci(ContainerId id) {
    String task = "containerd/io.containerd.runtime.v2.task/k8s.io/" + id.id() + "/config.json";
    String userdata = "containers/storage/overlay-containers/" + id.id() + "/userdata/config.json";
    List<String> places =
        id.runtime() == ContainerRuntime.CRIO
            ? List.of("run/" + userdata, "var/lib/" + userdata)
            : List.of("run/" + task, "run/k3s/" + task);
    for (String place : places) {
      Optional<ContainerNames> names = read(place).flatMap(ContainerNames::ofOci);
      if (names.isPresent()) {
        return names.get();
      }
    }
    return null;
  }

  private Optional<byte[]> read(String path) {
    // A pipe in its place would make the reader wait.
    try (HeldFile file = HeldFile.of(root.resolve(path));
        InputStream in = Channels.newInputStream(file.read())) {
      byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
      return bytes.length > MAX_FILE_BYTES ? Optional.empty() : Optional.of(bytes);
    } catch (IOException unreadable) {
      // Then only the id is known.
      return Optional.empty();
    }
  }

  private record Kept(Found found, long atNanos) {}
}
