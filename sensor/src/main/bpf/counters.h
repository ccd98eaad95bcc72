/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The programs' account. Not a hook itself. */
#ifndef KMODWATCH_COUNTERS_H
#define KMODWATCH_COUNTERS_H

#include "kernel.h"
#include "record.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KW_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* Adds to a counter atomically. Otherwise a program that is preempted between
 * load and store would undo another program's count. Returns this CPU's count.
 * It may include the counts of programs that preempt this one. */
static __always_inline __u64 add(__u32 which, __u64 n)
{
	__u64 *counter = bpf_map_lookup_elem(&counters, &which);

	if (!counter)
		return 0;
	__sync_fetch_and_add(counter, n);
	return *(volatile __u64 *)counter;
}

/* Counts one. Not inlined, so that the enum is in the BTF for user space. */
static __noinline __u64 count(enum kw_counter which)
{
	return add(which, 1);
}

#endif
