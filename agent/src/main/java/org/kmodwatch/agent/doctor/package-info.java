/**
 * Finds whether a machine allows the sensor to work. {@link org.kmodwatch.agent.doctor.Machine}
 * reads the machine, {@link org.kmodwatch.agent.doctor.Examination} judges it.
 *
 * <p>All facts are read from files below a root that is passed in. Only the probe of the hooks uses
 * the kernel.
 */
@NullMarked
package org.kmodwatch.agent.doctor;

import org.jspecify.annotations.NullMarked;
