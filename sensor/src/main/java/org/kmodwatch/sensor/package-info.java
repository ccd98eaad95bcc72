/**
 * The live sensor: eBPF programs on the kernel's module-loading functions, whose records become
 * events.
 *
 * <p>{@link org.kmodwatch.sensor.Sensor} loads and attaches the programs and emits events. {@link
 * org.kmodwatch.sensor.Hook} lists every hook in the kernel. Only {@code
 * org.kmodwatch.sensor.kernel} touches native memory.
 */
@NullMarked
package org.kmodwatch.sensor;

import org.jspecify.annotations.NullMarked;
