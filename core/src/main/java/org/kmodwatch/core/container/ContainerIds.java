package org.kmodwatch.core.container;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the container of a cgroup from the cgroup's path, for version 1 and 2.
 *
 * <p>Runtimes put the container's id into the name of its cgroup. The name is the id alone ({@code
 * /docker/ID}), a systemd scope ({@code docker-ID.scope}), or a systemd name that the runtime used
 * as a path ({@code x.slice:cri-containerd:ID}). Cgroups below it belong to the same container. For
 * nested containers the result is the innermost one, because the process runs there. A container's
 * monitor (conmon) also has a cgroup with the container's id, but it runs on the host.
 *
 * <p>A path is no proof: a process that may create cgroups can name them after a container. The
 * search takes one pass over the path, for any content.
 */
public final class ContainerIds {

  private static final int ID_LENGTH = 64;

  private ContainerIds() {}

  /**
   * Returns the container that the cgroup {@code path} belongs to; empty if it belongs to no
   * container.
   *
   * @param path from the root of the hierarchy, for example {@code
   *     /system.slice/docker-ID.scope/init}
   */
  public static Optional<ContainerId> of(String path) {
    int end = path.length();
    while (end > 0) {
      int slash = path.lastIndexOf('/', end - 1);
      String segment = path.substring(slash + 1, end);
      int idAt = idAt(segment);
      if (idAt >= 0) {
        ContainerRuntime runtime = runtime(segment.substring(0, idAt), path, slash);
        if (runtime != null) {
          String before = slash < 0 ? "" : path.substring(0, slash);
          String id = segment.substring(idAt, idAt + ID_LENGTH);
          return Optional.of(new ContainerId(runtime, id, podUid(before, segment)));
        }
      }
      end = slash;
    }
    return Optional.empty();
  }

  /**
   * Returns where in {@code segment} the id is: at its end or before {@code .scope}; -1 without an
   * id.
   */
  private static int idAt(String segment) {
    int end = segment.length() - (segment.endsWith(".scope") ? ".scope".length() : 0);
    int from = end - ID_LENGTH;
    return from >= 0 && isHex(segment, from, end) ? from : -1;
  }

  /**
   * Returns the runtime of a container.
   *
   * @param prefix the part of the segment before the id
   * @param slash index in {@code path} of the slash before the segment; -1 without a slash
   * @return the runtime; null if no runtime gives this prefix to a container
   */
  private static @Nullable ContainerRuntime runtime(String prefix, String path, int slash) {
    // With ":" the runtime's prefix is the part before the id: "x.slice:cri-containerd:ID".
    String word = prefix;
    if (prefix.endsWith(":")) {
      word = prefix.substring(prefix.lastIndexOf(':', prefix.length() - 2) + 1);
      word = word.substring(0, word.length() - 1) + "-";
    }
    return switch (word) {
      case "" -> runtimeByParent(parent(path, slash));
      case "docker-" -> ContainerRuntime.DOCKER;
      case "cri-containerd-", "containerd-", "nerdctl-" -> ContainerRuntime.CONTAINERD;
      case "crio-" -> ContainerRuntime.CRIO;
      // Quadlet splits a cgroup between monitor and container: the container's is "payload".
      case "libpod-", "libpod-payload-" -> ContainerRuntime.PODMAN;
      default -> null;
    };
  }

  private static String parent(String path, int slash) {
    return slash < 0 ? "" : path.substring(path.lastIndexOf('/', slash - 1) + 1, slash);
  }

  private static @Nullable ContainerRuntime runtimeByParent(String parent) {
    if (parent.equals("docker")) {
      return ContainerRuntime.DOCKER;
    }
    // The cgroup of a Podman pod, which has the monitors. Its containers are "libpod-ID".
    if (parent.equals("libpod_parent")) {
      return null;
    }
    // The namespaces of containerd. Docker's interface for the kubelet also made cgroups of pods;
    // Kubernetes removed it in 1.24.
    if (parent.equals("k8s.io") || parent.equals("default") || podUidOf(parent) != null) {
      return ContainerRuntime.CONTAINERD;
    }
    return ContainerRuntime.UNKNOWN;
  }

  private static @Nullable String podUid(String before, String segment) {
    int colon = segment.indexOf(':');
    String uid = colon < 0 ? null : podUidOf(segment.substring(0, colon));
    int end = before.length();
    while (uid == null && end > 0) {
      int slash = before.lastIndexOf('/', end - 1);
      uid = podUidOf(before.substring(slash + 1, end));
      end = slash;
    }
    return uid;
  }

  /**
   * Returns the uid in {@code podUID} or in {@code kubepods-burstable-podUID.slice}; null if the
   * segment has neither form. systemd does not allow dashes in the uid of a slice.
   */
  private static @Nullable String podUidOf(String segment) {
    String uid;
    if (segment.endsWith(".slice")) {
      int pod = segment.lastIndexOf("-pod");
      if (pod < 0) {
        return null;
      }
      uid =
          segment
              .substring(pod + "-pod".length(), segment.length() - ".slice".length())
              .replace('_', '-');
    } else if (segment.startsWith("pod")) {
      uid = segment.substring("pod".length());
    } else {
      return null;
    }
    return isUuid(uid) || (uid.length() == 32 && isHex(uid, 0, 32)) ? uid : null;
  }

  private static boolean isUuid(String text) {
    return text.length() == 36
        && isHex(text, 0, 8)
        && text.charAt(8) == '-'
        && isHex(text, 9, 13)
        && text.charAt(13) == '-'
        && isHex(text, 14, 18)
        && text.charAt(18) == '-'
        && isHex(text, 19, 23)
        && text.charAt(23) == '-'
        && isHex(text, 24, 36);
  }

  private static boolean isHex(String text, int from, int end) {
    for (int i = from; i < end; i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }
}
