/** Tests of what meets the kernel, over memory that a test writes. */
@NullMarked
package org.kmodwatch.sensor.kernel;

import org.jspecify.annotations.NullMarked;
