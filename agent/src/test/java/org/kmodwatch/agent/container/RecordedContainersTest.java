package org.kmodwatch.agent.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kmodwatch.core.event.KubernetesContext;

/**
 * Containers that ran under real runtimes of Debian 12, with cgroup version 1 and 2, as {@code
 * tools/record-containers.sh} recorded them: which cgroup each was in, and the runtime's own files.
 */
class RecordedContainersTest {

  /** A case: the folder of one container. */
  record Recorded(String hierarchy, String name, Path folder) {

    String line(String file) {
      return text(file).lines().findFirst().orElseThrow();
    }

    /** The path that the sensor reports: of version 2, or of the pids controller of version 1. */
    String cgroup(String file) {
      String start = hierarchy.equals("v2") ? "0::" : ":pids:";
      return text(file)
          .lines()
          .filter(line -> line.contains(start))
          .map(line -> line.substring(line.indexOf(start) + start.length()))
          .findFirst()
          .orElseThrow();
    }

    /** The runtime by the name of the case. */
    String runtime() {
      return switch (name.substring(0, (name + "-").indexOf('-'))) {
        case "cri", "ctr" -> "containerd";
        case String other -> other;
      };
    }

    private String text(String file) {
      try {
        return Files.readString(folder.resolve(file));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    @Override
    public String toString() {
      return hierarchy + "/" + name;
    }
  }

  static List<Recorded> recorded() throws IOException, URISyntaxException {
    Path root =
        Path.of(
            Objects.requireNonNull(RecordedContainersTest.class.getResource("containers")).toURI());
    try (Stream<Path> folders = Files.find(root, 2, (path, a) -> a.isDirectory())) {
      return folders
          .map(root::relativize)
          .filter(path -> path.getNameCount() == 2)
          .map(
              path ->
                  new Recorded(
                      path.getName(0).toString(), path.getName(1).toString(), root.resolve(path)))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void container_isToldByItsCgroup_andNamedByItsRuntimesFiles(Recorded recorded) {
    Optional<ContainerLookup.Found> found = lookup(recorded, "cgroup");

    if (recorded.toString().equals("v1/podman-rootless")) {
      // Of version 1 no controller is given to users: the container has none but the session's.
      assertThat(found).isEmpty();
      return;
    }
    ContainerLookup.Found container = found.orElseThrow();
    assertThat(container.container().id()).isEqualTo(recorded.line("id"));
    assertThat(container.container().runtime()).isEqualTo(runtimeSaid(recorded));
    assertThat(container.container().name()).isEqualTo(nameSaid(recorded));
    assertThat(container.kubernetes()).isEqualTo(podSaid(recorded));
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void monitorOfAContainer_isOnTheHost(Recorded recorded) {
    assertThat(lookup(recorded, "monitor-cgroup")).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void processFurtherDown_isInTheSameContainer(Recorded recorded) {
    if (Files.exists(recorded.folder().resolve("sub-cgroup"))) {
      assertThat(recorded.cgroup("sub-cgroup")).isNotEqualTo(recorded.cgroup("cgroup"));
      assertThat(lookup(recorded, "sub-cgroup")).isEqualTo(lookup(recorded, "cgroup"));
    }
  }

  private static Optional<ContainerLookup.Found> lookup(Recorded recorded, String file) {
    return new ContainerLookup(recorded.folder(), () -> 0).of(recorded.cgroup(file));
  }

  private static String runtimeSaid(Recorded recorded) {
    // With a parent of the user's own, cgroupfs leaves no word of docker in the path.
    return recorded.name().equals("docker-cgroupfs-parent") ? "unknown" : recorded.runtime();
  }

  private static @Nullable String nameSaid(Recorded recorded) {
    boolean nameless = recorded.name().startsWith("ctr") || recorded.name().endsWith("-sandbox");
    // The files of a user's own Podman are in that user's home, which is not looked into.
    return nameless || recorded.name().equals("podman-rootless") ? null : recorded.line("name");
  }

  private static KubernetesContext podSaid(Recorded recorded) {
    if (!recorded.name().startsWith("cri")) {
      return KubernetesContext.NONE;
    }
    String path = recorded.cgroup("cgroup");
    String uid = path.replaceAll(".*pod([0-9a-f_-]{36}).*", "$1").replace('_', '-');
    return new KubernetesContext(
        "web-5d4f8c7b9-x2x7k", "shop", uid, recorded.name().endsWith("-sandbox"));
  }
}
