/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * How the programs read the kernel's memory and user memory: as a rule by
 * bpf_probe_read_*().
 *
 * A kernel that is locked down for confidentiality refuses these helpers, and
 * libbpf, which finds that out, makes those for user memory into the refused
 * ones. For such a kernel the object is compiled a second time, with
 * KW_NO_PROBE_READ: then what a pointer with a type leads to is read by
 * following the pointer, as far as the verifier allows, and what else there is
 * is not read: no string behind a char pointer, no bytes of a module, no user
 * memory. Reading these fails, as it may anyway.
 */
#ifndef KMODWATCH_READS_H
#define KMODWATCH_READS_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#ifdef KW_NO_PROBE_READ

#define KW_EFAULT 14

/* The verifier knows the type of this task, and so of all that it leads to. */
#define bpf_get_current_task() bpf_get_current_task_btf()

#undef BPF_CORE_READ
#define BPF_CORE_READ(src, a, ...) ___arrow(src, a, ##__VA_ARGS__)

/* Of arrays in structures only. */
#undef BPF_CORE_READ_STR_INTO
#define BPF_CORE_READ_STR_INTO(dst, src, a, ...)					\
	__builtin_memcpy(dst, ___arrow(src, a, ##__VA_ARGS__),				\
			 sizeof(___arrow(src, a, ##__VA_ARGS__)))

/* Of what an address with a type leads to. */
#define read_number(dst, src) (*(dst) = *(const __typeof__(*(dst)) *)(src))

#define kw_no_read(dst, size, src) ((void)(dst), (void)(src), (long)-KW_EFAULT)
#define bpf_probe_read_kernel(dst, size, src) kw_no_read(dst, size, src)
#define bpf_probe_read_kernel_str(dst, size, src) kw_no_read(dst, size, src)
#define bpf_probe_read_user(dst, size, src) kw_no_read(dst, size, src)
#define bpf_probe_read_user_str(dst, size, src) kw_no_read(dst, size, src)

/* Only a path that is whole says which file it is of. */
#define KW_PART_OF_PATH KW_PATH_CUT
#define KW_READS_FLAGS KW_NO_STRINGS

/* A module's file may have a name that cannot be read: better one file too
 * many than a load from nowhere that is none. */
#define KW_UNREAD_NAME_MATCHES true

#else

#define read_number(dst, src) bpf_probe_read_kernel(dst, sizeof(*(dst)), src)
#define KW_PART_OF_PATH 0
#define KW_READS_FLAGS 0
#define KW_UNREAD_NAME_MATCHES false

#endif

#endif
