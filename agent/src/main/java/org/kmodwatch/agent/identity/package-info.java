/**
 * What exactly a module is and whose: {@link org.kmodwatch.agent.identity.LoadedImages} for what
 * the kernel was given, {@link org.kmodwatch.agent.identity.ModuleReport} for a file.
 *
 * <p>Bytes, paths and the databases of packages are read as what they are: chosen by strangers,
 * bounded, and none of them trusted.
 */
@NullMarked
package org.kmodwatch.agent.identity;

import org.jspecify.annotations.NullMarked;
