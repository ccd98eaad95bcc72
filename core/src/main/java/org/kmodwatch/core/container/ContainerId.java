package org.kmodwatch.core.container;

import org.jspecify.annotations.Nullable;

/**
 * Identifies a container.
 *
 * @param runtime the runtime that runs the container
 * @param id the runtime's id: 64 hexadecimal digits
 * @param podUid uid of the container's Kubernetes pod, with dashes; 32 hexadecimal digits for a pod
 *     from a file on the node; null outside Kubernetes
 */
public record ContainerId(ContainerRuntime runtime, String id, @Nullable String podUid) {}
