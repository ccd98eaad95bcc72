package org.kmodwatch.sensor.kernel;

/**
 * A name in the BPF file system, and what it names.
 *
 * @param name within its set: {@code links/fexit-do_init_module}
 * @param identity what the kernel says of the object: its id, and for a program its tag, its maps
 *     and its hook, for a link its program and its hook, for a map its type and size. The kernel
 *     gives no id twice until it is booted again.
 */
public record Pin(String name, String identity) {}
