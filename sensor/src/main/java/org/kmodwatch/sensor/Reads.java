package org.kmodwatch.sensor;

import java.util.List;
import org.kmodwatch.sensor.kernel.BpfObject;

/** How the programs read memory: the object file is there once for each way. */
enum Reads {

  /** By helpers, {@code bpf_probe_read_*()}: anything. */
  BY_HELPER("sensor.bpf.o"),

  /**
   * By following pointers whose types the verifier knows: no string behind a pointer, no bytes of a
   * module, no user memory. For kernels that are locked down for confidentiality, which refuse the
   * helpers ({@code LOCKDOWN_BPF_READ_KERNEL}).
   */
  DIRECT("sensor-direct.bpf.o");

  private static final long IMAGE_BYTES_MAX = 64L << 20;

  /**
   * How the verifier names the helper that libbpf falls back on if it finds that the kernel has no
   * {@code bpf_probe_read_kernel()}, which it does have unless it is locked down.
   */
  private static final String REFUSED_HELPER = "bpf_probe_read#4";

  private final String resource;

  Reads(String resource) {
    this.resource = resource;
  }

  /**
   * What is worth a try on this kernel, the best first. Where securityfs is not mounted, nothing
   * but a try tells.
   */
  static List<Reads> ofRunningKernel() {
    return Lockdown.isConfidential() ? List.of(DIRECT) : List.of(BY_HELPER, DIRECT);
  }

  /** Whether the load of these failed since the kernel lets no program read by helpers. */
  boolean areRefusedIn(BpfObject.Outcome outcome) {
    return this == BY_HELPER && !outcome.succeeded() && outcome.messages().contains(REFUSED_HELPER);
  }

  /** The memory for images that is of use, of that which was asked for. */
  int imageBufferBytes(int wanted) {
    return this == DIRECT ? 0 : wanted;
  }

  /**
   * Up to which size images are sent, KW_IMAGE_MAX at most; 0 if they are not even told of. Where
   * no bytes can be read it is less than any module has, so that the agent hashes the file instead.
   */
  long imageBytesMax(int wanted) {
    return wanted == 0 ? 0 : this == DIRECT ? 1 : IMAGE_BYTES_MAX;
  }

  /** What to say of a failure with them, beyond the reason. */
  String remedy() {
    return this == DIRECT
        ? "; the kernel is locked down (confidentiality), boot it with lockdown=integrity or none"
        : "";
  }

  /** The object file's bytes. */
  byte[] objectFile() {
    return ObjectFiles.read(resource);
  }
}
