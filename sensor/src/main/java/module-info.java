/**
 * The live sensor: eBPF programs on the way of module loads.
 *
 * <p>docs/reference/api.md says which parts are stable.
 */
module org.kmodwatch.sensor {
  requires static transitive org.jspecify;
  requires transitive org.kmodwatch.core;

  exports org.kmodwatch.sensor;
}
