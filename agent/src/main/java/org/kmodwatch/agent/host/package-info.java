/**
 * What this host says about itself in /proc, /sys and /etc, read below a root that tests replace.
 * Whoever loads a module chooses its name, and a root user writes many of these files, so all of it
 * is bounded and none of it is trusted.
 */
@NullMarked
package org.kmodwatch.agent.host;

import org.jspecify.annotations.NullMarked;
