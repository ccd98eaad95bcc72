package org.kmodwatch.core.container;

import org.jspecify.annotations.Nullable;

/**
 * A container.
 *
 * @param runtime what runs it
 * @param id the runtime's id: 64 hexadecimal digits
 * @param podUid uid of the Kubernetes pod that it belongs to, with dashes; for a pod from a file on
 *     the node 32 hexadecimal digits; null outside Kubernetes
 */
public record ContainerId(ContainerRuntime runtime, String id, @Nullable String podUid) {}
