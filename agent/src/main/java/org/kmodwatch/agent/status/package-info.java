/**
 * What a running agent tells whoever asks over HTTP: metrics for Prometheus, and whether all is
 * well.
 */
@NullMarked
package org.kmodwatch.agent.status;

import org.jspecify.annotations.NullMarked;
