/**
 * The host's facts in /proc, /sys and /etc, read below a root that tests replace. The loader of a
 * module chooses its name, and a root user writes many of these files. So all of it is bounded and
 * none of it is trusted.
 */
@NullMarked
package org.kmodwatch.agent.host;

import org.jspecify.annotations.NullMarked;
