@NullMarked
package org.kmodwatch.agent.config;

import org.jspecify.annotations.NullMarked;
