/**
 * This package is the lab: real kernels in throwaway virtual machines.
 *
 * <p>{@link org.kmodwatch.lab.Lab} boots a kernel of {@link org.kmodwatch.lab.KernelCatalog},
 * starts the sensor in it and runs a script there as root ({@link org.kmodwatch.lab.LabRun}). It
 * returns the record ({@link org.kmodwatch.lab.LabResult}) or throws a {@link
 * org.kmodwatch.lab.LabException}. Nothing is loaded into the host's kernel and no root is needed.
 *
 * <p>Many threads may use a {@code Lab}; each run has its own machine, folder and threads.
 * Everything else is immutable or belongs to one run.
 */
@NullMarked
package org.kmodwatch.lab;

import org.jspecify.annotations.NullMarked;
