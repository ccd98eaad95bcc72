/**
 * The lab: real kernels in throwaway virtual machines.
 *
 * <p>{@link org.kmodwatch.lab.Lab} boots one of {@link org.kmodwatch.lab.KernelCatalog}'s kernels,
 * starts the sensor in it, runs a script there as root ({@link org.kmodwatch.lab.LabRun}) and
 * brings back what was recorded ({@link org.kmodwatch.lab.LabResult}). What goes wrong is a {@link
 * org.kmodwatch.lab.LabException}. Nothing is loaded into the host's kernel and no root is needed.
 *
 * <p>A {@code Lab} may be used by many threads; each run has a machine, a folder and threads of its
 * own. Everything else is immutable or belongs to one run.
 */
@NullMarked
package org.kmodwatch.lab;

import org.jspecify.annotations.NullMarked;
