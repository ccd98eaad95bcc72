package org.kmodwatch.core.container;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells containers by the paths of their cgroups, of version 1 and 2.
 *
 * <p>Runtimes name a container's cgroup after its id: by itself ({@code /docker/ID}), as a systemd
 * scope ({@code docker-ID.scope}), or as a systemd name that the runtime took for a path ({@code
 * x.slice:cri-containerd:ID}). Cgroups further down belong to the same container. Of containers in
 * containers the innermost is meant, as that is where the process is. A container's monitor
 * (conmon) has a cgroup with the container's id too, but runs on the host.
 *
 * <p>A path is no proof: who may make cgroups may name them after a container. It takes one pass
 * over the path, whatever is in it.
 */
public final class ContainerIds {

  private static final int ID_LENGTH = 64;

  private ContainerIds() {}

  /**
   * The container that the cgroup {@code path} belongs to; empty if it is none of one.
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

  /** Where in {@code segment} the id is: at its end or before {@code .scope}; -1 if nowhere. */
  private static int idAt(String segment) {
    int end = segment.length() - (segment.endsWith(".scope") ? ".scope".length() : 0);
    int from = end - ID_LENGTH;
    return from >= 0 && isHex(segment, from, end) ? from : -1;
  }

  /**
   * Whose container it is.
   *
   * @param prefix what the segment has before the id
   * @param slash where in {@code path} the slash before the segment is, -1 if there is none
   * @return null if the prefix is none that a runtime gives to a container
   */
  private static @Nullable ContainerRuntime runtime(String prefix, String path, int slash) {
    // With ":" the runtime's own prefix is the last but one part: "x.slice:cri-containerd:ID".
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
      // With a cgroup split between monitor and container, as Quadlet has it, the latter is
      // "payload".
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
    // Podman's pods, whose monitors are in them; its containers are "libpod-ID".
    if (parent.equals("libpod_parent")) {
      return null;
    }
    // containerd's namespaces; docker's interface for the kubelet made pods' as well, and is gone
    // since Kubernetes 1.24.
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
   * The uid in {@code podUID} or in {@code kubepods-burstable-podUID.slice}, where systemd does not
   * allow its dashes; null if it is neither.
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
