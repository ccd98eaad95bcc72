package org.kmodwatch.sensor;

import java.util.List;
import org.kmodwatch.sensor.kernel.BpfObject;

/** The ways in which the programs read memory. There is an object file for each way. */
enum Reads {

  /** Reads any memory with the helpers {@code bpf_probe_read_*()}. */
  BY_HELPER("sensor.bpf.o"),

  /**
   * Reads by following pointers whose types the verifier knows. It cannot read strings behind a
   * pointer, bytes of a module, or user memory. It is for kernels that are locked down for
   * confidentiality, which refuse the helpers ({@code LOCKDOWN_BPF_READ_KERNEL}).
   */
  DIRECT("sensor-direct.bpf.o");

  private static final long IMAGE_BYTES_MAX = 64L << 20;

  /**
   * The verifier's name for the helper that libbpf uses if the kernel has no {@code
   * bpf_probe_read_kernel()}. The kernel has it unless it is locked down.
   */
  private static final String REFUSED_HELPER = "bpf_probe_read#4";

  private final String resource;

  Reads(String resource) {
    this.resource = resource;
  }

  /**
   * Returns the ways to try on this kernel, the best first. If securityfs is not mounted, only an
   * attempt shows which way works.
   */
  static List<Reads> ofRunningKernel() {
    return Lockdown.isConfidential() ? List.of(DIRECT) : List.of(BY_HELPER, DIRECT);
  }

  /** Returns whether this load failed because the kernel allows no program to read by helpers. */
  boolean areRefusedIn(BpfObject.Outcome outcome) {
    return this == BY_HELPER && !outcome.succeeded() && outcome.messages().contains(REFUSED_HELPER);
  }

  /** Returns the part of the requested memory for images that is useful. */
  int imageBufferBytes(int wanted) {
    return this == DIRECT ? 0 : wanted;
  }

  /**
   * Returns the largest size of images that are sent, at most KW_IMAGE_MAX; 0 if images are not
   * reported. If no bytes can be read, it is less than the size of any module, so that the agent
   * hashes the file.
   */
  long imageBytesMax(int wanted) {
    return wanted == 0 ? 0 : this == DIRECT ? 1 : IMAGE_BYTES_MAX;
  }

  /** Returns the remedy for a failure with this way, as a text to follow the reason. */
  String remedy() {
    return this == DIRECT
        ? "; the kernel is locked down (confidentiality), boot it with lockdown=integrity or none"
        : "";
  }

  /** Returns the object file's bytes. */
  byte[] objectFile() {
    return ObjectFiles.read(resource);
  }
}
