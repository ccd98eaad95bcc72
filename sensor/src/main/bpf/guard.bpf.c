/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Refuses to set kernel.ftrace_enabled to another value than 1: with 0 no hook
 * on a function fires. On the root of the cgroups it applies to every process
 * (from Linux 5.2). It sees writes to /proc/sys. Code in the kernel does not
 * need them.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#define KW_NAME "kernel/ftrace_enabled"

static __always_inline bool is_one(const char *value, int len)
{
	return len >= 1 && value[0] == '1' && (value[1] == '\n' || value[1] == '\0');
}

SEC("cgroup/sysctl")
int guard_ftrace(struct bpf_sysctl *ctx)
{
	const char guarded[] = KW_NAME;
	char name[sizeof(KW_NAME)] = {};
	char value[4] = {};
	__u32 i;

	if (!ctx->write ||
	    bpf_sysctl_get_name(ctx, name, sizeof(name), 0) != sizeof(KW_NAME) - 1)
		return 1;
	for (i = 0; i < sizeof(KW_NAME) - 1; i++) {
		if (name[i] != guarded[i])
			return 1;
	}
	return is_one(value, bpf_sysctl_get_new_value(ctx, value, sizeof(value)));
}

char LICENSE[] SEC("license") = "GPL";
