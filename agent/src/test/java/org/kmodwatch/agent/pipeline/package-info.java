@NullMarked
package org.kmodwatch.agent.pipeline;

import org.jspecify.annotations.NullMarked;
