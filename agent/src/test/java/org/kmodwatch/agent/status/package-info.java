@NullMarked
package org.kmodwatch.agent.status;

import org.jspecify.annotations.NullMarked;
