/**
 * Finds the containers and pods of processes. Open {@link
 * org.kmodwatch.agent.container.ContainerEnrichment} first.
 */
@NullMarked
package org.kmodwatch.agent.container;

import org.jspecify.annotations.NullMarked;
