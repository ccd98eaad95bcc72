/** Tests of doctor. */
@NullMarked
package org.kmodwatch.agent.doctor;

import org.jspecify.annotations.NullMarked;
