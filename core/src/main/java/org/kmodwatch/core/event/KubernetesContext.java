package org.kmodwatch.core.event;

import org.jspecify.annotations.Nullable;

/**
 * The pod that an event came from. Every part is null outside Kubernetes.
 *
 * @param podName the pod's name
 * @param podNamespace the pod's namespace
 * @param podUid the pod's uid
 * @param podSandbox whether the container is the pod's sandbox; null if the producer did not say
 */
public record KubernetesContext(
    @Nullable String podName,
    @Nullable String podNamespace,
    @Nullable String podUid,
    @Nullable Boolean podSandbox) {

  /** The context of an event that came from no pod. */
  public static final KubernetesContext NONE = new KubernetesContext(null, null, null, null);
}
