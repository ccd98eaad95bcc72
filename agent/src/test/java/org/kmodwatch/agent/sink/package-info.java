@NullMarked
package org.kmodwatch.agent.sink;

import org.jspecify.annotations.NullMarked;
