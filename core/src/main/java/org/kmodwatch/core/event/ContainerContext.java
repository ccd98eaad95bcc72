package org.kmodwatch.core.event;

import org.jspecify.annotations.Nullable;

/**
 * The container that an event came from. Every part is null on the host.
 *
 * @param id the runtime's id
 * @param name the container's name
 * @param image the image's name
 * @param imageDigest the image's digest
 * @param runtime the runtime: docker, containerd, crio or podman; null if the producer does not say
 */
public record ContainerContext(
    @Nullable String id,
    @Nullable String name,
    @Nullable String image,
    @Nullable String imageDigest,
    @Nullable String runtime) {

  /** The context of an event that came from no container. */
  public static final ContainerContext NONE = new ContainerContext(null, null, null, null, null);
}
