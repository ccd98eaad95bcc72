@NullMarked
package org.kmodwatch.agent.container;

import org.jspecify.annotations.NullMarked;
