/**
 * The way of an event: judge it, join it into a load, apply the policy, write it. Open {@link
 * org.kmodwatch.agent.pipeline.Pipeline} first.
 */
@NullMarked
package org.kmodwatch.agent.pipeline;

import org.jspecify.annotations.NullMarked;
