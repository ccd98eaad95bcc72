/** Tests of what the sensor does apart from a kernel; the kernel's part is tested in the lab. */
@NullMarked
package org.kmodwatch.sensor;

import org.jspecify.annotations.NullMarked;
