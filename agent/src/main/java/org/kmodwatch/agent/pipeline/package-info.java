/**
 * Processes events: judge each event, join events into loads, apply the policy, and report. Open
 * {@link org.kmodwatch.agent.pipeline.Pipeline} first.
 */
@NullMarked
package org.kmodwatch.agent.pipeline;

import org.jspecify.annotations.NullMarked;
