@NullMarked
package org.kmodwatch.agent.build;

import org.jspecify.annotations.NullMarked;
