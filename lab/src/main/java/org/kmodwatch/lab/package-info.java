/** The lab: real kernels in throwaway virtual machines. */
@NullMarked
package org.kmodwatch.lab;

import org.jspecify.annotations.NullMarked;
