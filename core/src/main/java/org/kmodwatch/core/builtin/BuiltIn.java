package org.kmodwatch.core.builtin;

import java.util.List;
import org.kmodwatch.core.signature.Signature;

/** Lists the signatures that come with Kmodwatch. */
public final class BuiltIn {

  private BuiltIn() {}

  /**
   * Returns new instances of the signatures. {@link java.util.ServiceLoader} finds the same ones,
   * but opens every jar on the class path to look for more.
   */
  public static List<Signature> signatures() {
    return List.of(
        new KernelModuleLoading(),
        new MemoryOnlyLoad(),
        new UnlinkedFileLoad(),
        new UnusualPlaceLoad(),
        new UnsignedOrForcedLoad(),
        new ContainerLoad(),
        new CodeRanLoadFailed(),
        new RareAutoload(),
        new LoadWithoutCall(),
        new HiddenModule(),
        new OutOfTreeLoad(),
        new EventsLost(),
        new SensorBlind(),
        new AttemptFlood());
  }
}
