package org.kmodwatch.core.container;

/** The programs that run containers. */
public enum ContainerRuntime {
  /** Docker Engine runs the container. */
  DOCKER("docker"),
  /** containerd runs the container, through its Kubernetes interface or nerdctl. */
  CONTAINERD("containerd"),
  /** CRI-O runs the container. */
  CRIO("crio"),
  /** Podman runs the container. */
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
