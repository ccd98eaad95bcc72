/**
 * This package serves the state of a running agent over HTTP: metrics for Prometheus, and the
 * health.
 */
@NullMarked
package org.kmodwatch.agent.status;

import org.jspecify.annotations.NullMarked;
