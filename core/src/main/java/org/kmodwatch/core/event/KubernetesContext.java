package org.kmodwatch.core.event;

import org.jspecify.annotations.Nullable;

/**
 * The pod an event came from; every part null outside Kubernetes.
 *
 * @param podName the pod's name
 * @param podNamespace its namespace
 * @param podUid its uid
 * @param podSandbox whether the container is the pod's sandbox; null if the producer did not say
 */
public record KubernetesContext(
    @Nullable String podName,
    @Nullable String podNamespace,
    @Nullable String podUid,
    @Nullable Boolean podSandbox) {

  /** No pod. */
  public static final KubernetesContext NONE = new KubernetesContext(null, null, null, null);
}
