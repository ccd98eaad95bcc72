@NullMarked
package org.kmodwatch.agent.settings;

import org.jspecify.annotations.NullMarked;
