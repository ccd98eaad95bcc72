/**
 * This package holds the measurements behind docs/reference/performance.md, run by {@code
 * ./kmodwatch-bench}. Each is a {@link org.kmodwatch.bench.Measurement} that returns {@link
 * org.kmodwatch.bench.Figures}; {@link org.kmodwatch.bench.Measurements} lists them. They run one
 * after another on one thread.
 */
@NullMarked
package org.kmodwatch.bench;

import org.jspecify.annotations.NullMarked;
