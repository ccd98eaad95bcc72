/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * How the programs read the kernel's memory and user memory: normally with
 * bpf_probe_read_*().
 *
 * A kernel that is locked down for confidentiality refuses these helpers.
 * libbpf detects this, and replaces the helpers for user memory by the refused
 * ones. For such a kernel the object is compiled a second time, with
 * KW_NO_PROBE_READ. Then the target of a typed pointer is read by following the
 * pointer, as far as the verifier allows. Other memory is not read: strings
 * behind a char pointer, bytes of a module, and user memory. Such a read fails,
 * which can always happen.
 */
#ifndef KMODWATCH_READS_H
#define KMODWATCH_READS_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#ifdef KW_NO_PROBE_READ

#define KW_EFAULT 14

/* The verifier knows the type of this task, and so of all its typed
 * pointers. */
#define bpf_get_current_task() bpf_get_current_task_btf()

#undef BPF_CORE_READ
#define BPF_CORE_READ(src, a, ...) ___arrow(src, a, ##__VA_ARGS__)

/* Only for arrays in structures. */
#undef BPF_CORE_READ_STR_INTO
#define BPF_CORE_READ_STR_INTO(dst, src, a, ...)					\
	__builtin_memcpy(dst, ___arrow(src, a, ##__VA_ARGS__),				\
			 sizeof(___arrow(src, a, ##__VA_ARGS__)))

/* Reads the target of a typed address. */
#define read_number(dst, src) (*(dst) = *(const __typeof__(*(dst)) *)(src))

#define kw_no_read(dst, size, src) ((void)(dst), (void)(src), (long)-KW_EFAULT)
#define bpf_probe_read_kernel(dst, size, src) kw_no_read(dst, size, src)
#define bpf_probe_read_kernel_str(dst, size, src) kw_no_read(dst, size, src)
#define bpf_probe_read_user(dst, size, src) kw_no_read(dst, size, src)
#define bpf_probe_read_user_str(dst, size, src) kw_no_read(dst, size, src)

/* Only a whole path identifies its file. */
#define KW_PART_OF_PATH KW_PATH_CUT
#define KW_READS_FLAGS KW_NO_STRINGS

/* A module's file may have a name that cannot be read. One wrong file is better
 * than a load that is wrongly reported without a file. */
#define KW_UNREAD_NAME_MATCHES true

#else

#define read_number(dst, src) bpf_probe_read_kernel(dst, sizeof(*(dst)), src)
#define KW_PART_OF_PATH 0
#define KW_READS_FLAGS 0
#define KW_UNREAD_NAME_MATCHES false

#endif

#endif
