/** This package tests the classes that call the kernel, on memory that a test writes. */
@NullMarked
package org.kmodwatch.sensor.kernel;

import org.jspecify.annotations.NullMarked;
