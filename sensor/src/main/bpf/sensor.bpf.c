// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * The eBPF programs of Kmodwatch: hooks on module loading and on nothing else.
 *
 * attempt.h	the work space of an attempt
 * task.h	who makes it
 * files.h	strings and paths
 * names.h	paths, where no string can be read
 * reads.h	how memory is read
 * lanes.h	sending a record, or holding it back
 * counters.h	the account
 * calls.h	the three system calls, entry and return
 * images.h	the module's bytes
 * checks.h	what the kernel is given: security_kernel_*
 * loaded.h	which modules are in the kernel
 * modules.h	what the kernel does with it: module:* and two optional functions
 * record.h	the record as user space gets it
 * kernel.h	the kernel's structures, as far as they are read
 *
 * Never a syscalls:* or raw_syscalls:* tracepoint: enabling one slows down
 * every system call of every process.
 */
#include "calls.h"
#include "checks.h"
#include "modules.h"

char LICENSE[] SEC("license") = "GPL";
