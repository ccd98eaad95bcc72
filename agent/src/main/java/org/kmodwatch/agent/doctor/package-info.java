/**
 * What a machine allows the sensor to do: {@link org.kmodwatch.agent.doctor.Machine} reads it,
 * {@link org.kmodwatch.agent.doctor.Examination} judges it.
 *
 * <p>Everything is read from files below a root that is passed in; only the probe of the hooks
 * meets the kernel.
 */
@NullMarked
package org.kmodwatch.agent.doctor;

import org.jspecify.annotations.NullMarked;
