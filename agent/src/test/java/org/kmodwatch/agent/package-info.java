/** Tests of the command line. */
@NullMarked
package org.kmodwatch.agent;

import org.jspecify.annotations.NullMarked;
