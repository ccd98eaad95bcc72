// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * The eBPF programs of Kmodwatch. They hook module loading and nothing else.
 *
 * The programs, by concern:
 *
 * calls.bpf.c		the three system calls, entry and return
 * checks.bpf.c		the kernel's input and its checks: security_kernel_*
 * modules.bpf.c	the kernel's work on it: module:* and two optional functions
 * requests.bpf.c	the kernel's requests for modules
 *
 * They share:
 *
 * attempt.h		the work space of an attempt
 * task.h		the task that makes it
 * files.h		strings and paths
 * names.h		paths on kernels where no string can be read
 * module_file.h	the open file that contains a module
 * reads.h		reading of memory
 * lanes.h		sending a record, or holding it back
 * counters.h		the account
 * images.h		the module's bytes
 * loaded.h		the modules in the kernel
 * record.h		the record as user space receives it
 * kernel.h		the kernel's structures, as far as they are read
 *
 * They are one object, because all share static functions and maps.
 *
 * Never use a syscalls:* or raw_syscalls:* tracepoint: enabling it slows down
 * every system call of every process.
 */
#include "calls.bpf.c"
#include "checks.bpf.c"
#include "modules.bpf.c"
#include "requests.bpf.c"

char LICENSE[] SEC("license") = "GPL";
