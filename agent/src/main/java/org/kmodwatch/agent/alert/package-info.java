/**
 * This package raises alerts from loads that the operator's policy does not expect and from
 * findings on the sensor itself. Repeats of an alert are counted and not reported each time.
 *
 * <p>One thread at a time uses these classes.
 */
@NullMarked
package org.kmodwatch.agent.alert;

import org.jspecify.annotations.NullMarked;
