package org.kmodwatch.sensor.kernel;

/**
 * A name in the BPF file system, and the object that it names.
 *
 * @param name the name within its set: {@code links/fexit-do_init_module}
 * @param identity the kernel's description of the object, with its id. A program also has its tag,
 *     its maps and its hook. A link has its program and its hook, a map its type and its size. The
 *     kernel uses no id twice until the next boot.
 */
public record Pin(String name, String identity) {}
