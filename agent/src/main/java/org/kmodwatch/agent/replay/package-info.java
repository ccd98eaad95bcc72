/**
 * Runs the pipeline over recordings, audit logs and Kafka topics. Open {@link
 * org.kmodwatch.agent.replay.ReplayRun} first.
 */
@NullMarked
package org.kmodwatch.agent.replay;

import org.jspecify.annotations.NullMarked;
