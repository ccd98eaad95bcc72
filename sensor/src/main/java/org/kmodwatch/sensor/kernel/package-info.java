/**
 * Native code: libbpf, BTF, the ring buffer and the clocks, through {@code java.lang.foreign}. The
 * only package that touches native memory; what leaves it are Java values and views that are valid
 * for one call.
 *
 * <p>libbpf is bound when {@link org.kmodwatch.sensor.kernel.LibBpf#load} is called, not when a
 * class is initialised, so that a machine without it gets an error and not a {@code
 * NoClassDefFoundError}.
 */
@NullMarked
package org.kmodwatch.sensor.kernel;

import org.jspecify.annotations.NullMarked;
