package org.kmodwatch.bench;

/** Something that is measured: as a ratio within one run, or in executed instructions. */
interface Measurement {

  /**
   * The word for it on the command line, and the name of its table in
   * docs/reference/performance.md.
   */
  String name();

  /** What it measures, for {@code --list}: half a line, and how long it takes. */
  String summary();

  /**
   * Measures.
   *
   * @throws BenchException if it cannot, with the reason and the remedy
   * @throws Exception if something fails that nobody foresaw
   */
  Figures measure(Workplace workplace) throws Exception;
}
