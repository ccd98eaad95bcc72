package org.kmodwatch.sensor.kernel;

/**
 * A name in the BPF file system, and the object that it names.
 *
 * @param name the name within its set: {@code links/fexit-do_init_module}
 * @param identity the kernel's description of the object. It has the object's id. For a program it
 *     also has the tag, the maps and the hook, for a link the program and the hook, for a map the
 *     type and the size. The kernel uses no id twice until the next boot.
 */
public record Pin(String name, String identity) {}
