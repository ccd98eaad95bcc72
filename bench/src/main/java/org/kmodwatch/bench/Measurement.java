package org.kmodwatch.bench;

/** A measurement yields ratios within one run, or counts of executed instructions. */
interface Measurement {

  /**
   * Returns its name on the command line, which is also the name of its table in
   * docs/reference/performance.md.
   */
  String name();

  /** Returns a summary for {@code --list}: half a line, and the duration. */
  String summary();

  /**
   * Measures.
   *
   * @throws BenchException if the measurement fails, with the reason and the remedy
   * @throws Exception if there is an unexpected failure
   */
  Figures measure(Workplace workplace) throws Exception;
}
