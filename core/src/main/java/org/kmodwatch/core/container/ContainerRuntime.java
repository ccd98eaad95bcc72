package org.kmodwatch.core.container;

/** The programs that run containers. */
public enum ContainerRuntime {
  /** Docker Engine. */
  DOCKER("docker"),
  /** containerd, by its Kubernetes interface or by nerdctl. */
  CONTAINERD("containerd"),
  /** CRI-O. */
  CRIO("crio"),
  /** Podman. */
  PODMAN("podman"),
  /** The path has a container's id but does not show the runtime. */
  UNKNOWN("unknown");

  private final String wireName;

  ContainerRuntime(String wireName) {
    this.wireName = wireName;
  }

  /** Returns the runtime's name in output. */
  public String wireName() {
    return wireName;
  }
}
