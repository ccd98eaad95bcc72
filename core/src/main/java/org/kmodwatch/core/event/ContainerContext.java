package org.kmodwatch.core.event;

import org.jspecify.annotations.Nullable;

/**
 * The container an event came from; every part null on the host.
 *
 * @param id the runtime's id
 * @param name the container's name
 * @param image the image's name
 * @param imageDigest the image's digest
 * @param runtime what runs it: docker, containerd, crio or podman; null if the producer does not
 *     say
 */
public record ContainerContext(
    @Nullable String id,
    @Nullable String name,
    @Nullable String image,
    @Nullable String imageDigest,
    @Nullable String runtime) {

  /** No container. */
  public static final ContainerContext NONE = new ContainerContext(null, null, null, null, null);
}
