@NullMarked
package org.kmodwatch.agent.replay;

import org.jspecify.annotations.NullMarked;
