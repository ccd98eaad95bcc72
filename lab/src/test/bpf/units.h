/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What units.c asks a program of units.bpf.c, and what that answers. */
#include <linux/types.h>

struct kw_unit {
	__s64 result;
	__u64 full;
	__u64 now;
	__u64 tokens;
	__u64 token_ns;
	__u32 fd;
	__u32 uid;
	__u32 flags;
	__u32 reserved;
};
