/**
 * What somebody is to look at: loads that the operator's policy does not expect and findings about
 * the sensor itself, repeats of the same thing counted rather than told each time.
 *
 * <p>Used by one thread at a time.
 */
@NullMarked
package org.kmodwatch.agent.alert;

import org.jspecify.annotations.NullMarked;
