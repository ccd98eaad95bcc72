/**
 * Events, signatures and load records, and the reading and writing of recordings.
 *
 * <p>docs/reference/api.md says which parts are stable.
 */
@SuppressWarnings({
  "module", // image is compiled after this module
  "requires-automatic" // aircompressor has no module-info
})
module org.kmodwatch.core {
  requires aircompressor;
  requires static transitive org.jspecify;
  requires tools.jackson.core;

  exports org.kmodwatch.core.engine;
  exports org.kmodwatch.core.event;
  exports org.kmodwatch.core.load;
  exports org.kmodwatch.core.read;
  exports org.kmodwatch.core.signature;
  exports org.kmodwatch.core.write;
  exports org.kmodwatch.core.scan to
      org.kmodwatch.image;

  uses org.kmodwatch.core.signature.Signature;

  provides org.kmodwatch.core.signature.Signature with
      org.kmodwatch.core.builtin.KernelModuleLoading,
      org.kmodwatch.core.builtin.MemoryOnlyLoad,
      org.kmodwatch.core.builtin.UnlinkedFileLoad,
      org.kmodwatch.core.builtin.UnusualPlaceLoad,
      org.kmodwatch.core.builtin.UnsignedOrForcedLoad,
      org.kmodwatch.core.builtin.ContainerLoad,
      org.kmodwatch.core.builtin.CodeRanLoadFailed,
      org.kmodwatch.core.builtin.RareAutoload,
      org.kmodwatch.core.builtin.LoadWithoutCall,
      org.kmodwatch.core.builtin.HiddenModule,
      org.kmodwatch.core.builtin.OutOfTreeLoad,
      org.kmodwatch.core.builtin.EventsLost,
      org.kmodwatch.core.builtin.SensorBlind,
      org.kmodwatch.core.builtin.AttemptFlood;
}
