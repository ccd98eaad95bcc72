/**
 * Native code: libbpf, BTF, the ring buffer and the clocks, through {@code java.lang.foreign}. Only
 * this package touches native memory. It returns Java values, and views that are valid for one
 * call.
 *
 * <p>libbpf is bound when {@link org.kmodwatch.sensor.kernel.LibBpf#load} is called, not when a
 * class is initialised. So a machine without libbpf gets an error and not a {@code
 * NoClassDefFoundError}.
 */
@NullMarked
package org.kmodwatch.sensor.kernel;

import org.jspecify.annotations.NullMarked;
