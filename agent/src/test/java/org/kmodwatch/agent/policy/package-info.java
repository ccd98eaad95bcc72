@NullMarked
package org.kmodwatch.agent.policy;

import org.jspecify.annotations.NullMarked;
