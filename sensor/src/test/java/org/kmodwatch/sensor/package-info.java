/** This package tests the parts of the sensor that need no kernel; the lab tests the rest. */
@NullMarked
package org.kmodwatch.sensor;

import org.jspecify.annotations.NullMarked;
