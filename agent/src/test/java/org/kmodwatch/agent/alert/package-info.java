@NullMarked
package org.kmodwatch.agent.alert;

import org.jspecify.annotations.NullMarked;
