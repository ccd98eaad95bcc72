/** Build-time code: man pages and the training run of the ahead-of-time cache. */
@NullMarked
package org.kmodwatch.agent.build;

import org.jspecify.annotations.NullMarked;
