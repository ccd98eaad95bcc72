@NullMarked
package org.kmodwatch.agent.format;

import org.jspecify.annotations.NullMarked;
