// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * The eBPF programs of Kmodwatch: hooks on module loading and on nothing else.
 *
 * The programs, by concern:
 *
 * calls.bpf.c		the three system calls, entry and return
 * checks.bpf.c		what the kernel is given: security_kernel_*
 * modules.bpf.c	what the kernel does with it: module:* and two optional functions
 * requests.bpf.c	what the kernel asks for
 *
 * What they share:
 *
 * attempt.h		the work space of an attempt
 * task.h		who makes it
 * files.h		strings and paths
 * names.h		paths, where no string can be read
 * module_file.h	which open file a module is from
 * reads.h		how memory is read
 * lanes.h		sending a record, or holding it back
 * counters.h		the account
 * images.h		the module's bytes
 * loaded.h		which modules are in the kernel
 * record.h		the record as user space gets it
 * kernel.h		the kernel's structures, as far as they are read
 *
 * They are one object, since static functions and maps are shared by all.
 *
 * Never a syscalls:* or raw_syscalls:* tracepoint: enabling one slows down
 * every system call of every process.
 */
#include "calls.bpf.c"
#include "checks.bpf.c"
#include "modules.bpf.c"
#include "requests.bpf.c"

char LICENSE[] SEC("license") = "GPL";
