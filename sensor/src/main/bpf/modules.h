/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the kernel does with a module: the module:* tracepoints as BTF
 * tracepoints (from Linux 5.5; they keep firing when ftrace is switched off),
 * and two functions that not every kernel has.
 *
 * Neither module_get nor module_put: they fire whenever a file or a socket of
 * a module is opened.
 */
#ifndef KMODWATCH_MODULES_H
#define KMODWATCH_MODULES_H

#include "attempt.h"
#include "images.h"

/* The module's own name stays in the record of its attempt; version and
 * srcversion are sent with this record only. */
static __noinline int send_module(struct kw_attempt *a, struct module *mod, __u32 kind)
{
	struct kw_record *r = &a->record;
	struct kw_span params = r->params;
	__u32 data_len;

	if (!r->name.len)
		append_kernel(r, &r->name, mod->name);
	r->value = BPF_CORE_READ(mod, taints);
	data_len = r->data_len;
	append_kernel(r, &r->version, BPF_CORE_READ(mod, version));
	append_kernel(r, &r->srcversion, BPF_CORE_READ(mod, srcversion));
	if (kind == KW_MODULE_COMING)
		append_kernel(r, &r->params, BPF_CORE_READ(mod, args));
	send(r, kind);
	r->version = (struct kw_span){};
	r->srcversion = (struct kw_span){};
	r->params = params;
	r->data_len = data_len;
	return 0;
}

/* Before the module's init function, after its parameters were set. */
SEC("tp_btf/module_load")
int BPF_PROG(module_load, struct module *mod)
{
	struct kw_attempt *a = work_space();

	if (!a)
		return 0;
	/* Not at the return alone: a hostile init may see to it that there is none. */
	send_images(a);
	a->record.ret = 0;
	send_module(a, mod, KW_MODULE_LOAD);
	done(a);
	return 0;
}

/* Before the module's memory goes: after exit(), and after a failed init. */
SEC("tp_btf/module_free")
int BPF_PROG(module_free, struct module *mod)
{
	struct kw_attempt *a = work_space();

	if (!a)
		return 0;
	a->record.ret = 0;
	send_module(a, mod, KW_MODULE_FREE);
	done(a);
	return 0;
}

SEC("tp_btf/module_request")
int BPF_PROG(module_request, char *alias, bool wait, unsigned long ip)
{
	struct kw_attempt *a = work_space();
	struct kw_span name;
	__u32 data_len;

	if (!a)
		return 0;
	data_len = a->record.data_len;
	name = a->record.name;
	a->record.ret = 0;
	a->record.id = wait;
	a->record.value = ip;
	append_kernel(&a->record, &a->record.name, alias);
	send(&a->record, KW_MODULE_REQUEST);
	a->record.name = name;
	a->record.data_len = data_len;
	done(a);
	return 0;
}

/* Optional, CONFIG_LIVEPATCH: before the module's parameters are set, which is
 * the first time that code of its own can run; its arguments are still whole. */
SEC("fentry/klp_module_coming")
int BPF_PROG(module_coming, struct module *mod)
{
	struct kw_attempt *a = work_space();

	if (!a)
		return 0;
	a->record.ret = 0;
	send_module(a, mod, KW_MODULE_COMING);
	done(a);
	return 0;
}

/* Optional, a static function: what the module's init function came to. The
 * module may be gone already, so it is not looked at: its name is in the
 * record since module_load. */
SEC("fexit/do_init_module")
int BPF_PROG(module_init, struct module *mod, int ret)
{
	struct kw_attempt *a = current_attempt();

	if (!a)
		return 0;
	a->record.ret = ret;
	a->record.value = 0;
	send(&a->record, KW_MODULE_INIT);
	return 0;
}

#endif
