// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Requests for modules by the kernel: fexit on security_kernel_module_request
 * (from Linux 5.10), which may refuse a request, and module_request as a BTF
 * tracepoint (from Linux 5.5), before modprobe is started.
 */
#include "lanes.h"

static __noinline int send_request(enum kw_kind kind, const char *alias, __u32 wait,
				   unsigned long ip, int ret)
{
	struct kw_attempt *a = work_space();
	struct kw_event e;

	if (!a)
		return 0;
	e = event(a, kind, wait, ip, ret);
	e.alias = alias;
	send(a, &e);
	done(a);
	return 0;
}

SEC("fexit/security_kernel_module_request")
int BPF_PROG(security_module_request, char *alias, int ret)
{
	return send_request(KW_SECURITY_MODULE_REQUEST, alias, 0, 0, ret);
}

SEC("tp_btf/module_request")
int BPF_PROG(module_request, char *alias, __u32 wait, unsigned long ip)
{
	return send_request(KW_MODULE_REQUEST, alias, wait, ip, 0);
}
