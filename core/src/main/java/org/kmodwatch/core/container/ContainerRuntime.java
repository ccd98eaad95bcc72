package org.kmodwatch.core.container;

/** What runs containers. */
public enum ContainerRuntime {
  /** Docker Engine. */
  DOCKER("docker"),
  /** containerd, by its Kubernetes interface or by nerdctl. */
  CONTAINERD("containerd"),
  /** CRI-O. */
  CRIO("crio"),
  /** Podman. */
  PODMAN("podman"),
  /** The path has a container's id but does not say whose. */
  UNKNOWN("unknown");

  private final String wireName;

  ContainerRuntime(String wireName) {
    this.wireName = wireName;
  }

  /** The word for it in output. */
  public String wireName() {
    return wireName;
  }
}
