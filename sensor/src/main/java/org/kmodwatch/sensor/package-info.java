/**
 * The live sensor: eBPF programs on the kernel's module-loading functions, and their records as
 * events.
 *
 * <p>{@link org.kmodwatch.sensor.Sensor} loads and attaches the programs and hands out events;
 * {@link org.kmodwatch.sensor.Hook} lists every place in the kernel that is watched. Only {@code
 * org.kmodwatch.sensor.kernel} touches native memory.
 */
@NullMarked
package org.kmodwatch.sensor;

import org.jspecify.annotations.NullMarked;
