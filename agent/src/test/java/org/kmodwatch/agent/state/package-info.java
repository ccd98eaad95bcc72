@NullMarked
package org.kmodwatch.agent.state;

import org.jspecify.annotations.NullMarked;
