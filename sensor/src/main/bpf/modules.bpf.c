// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * What the kernel does with a module: the module:* tracepoints as BTF
 * tracepoints (from Linux 5.5; they keep firing when ftrace is switched off),
 * and two functions that not every kernel has.
 *
 * Neither module_get nor module_put: they fire whenever a file or a socket of
 * a module is opened.
 */
#include "images.h"
#include "lanes.h"
#include "loaded.h"
#include "module_file.h"

#define KW_TS_COMPAT 2	/* x86: in the i386 table */

/* Adds to an attempt the module that it brings in or takes out: its name, and
 * the open file of that name. */
static __noinline int add_module(struct kw_attempt *a, struct module *mod, bool comes)
{
	accept(a);
	if (!a->record.name[0])
		BPF_CORE_READ_STR_INTO(&a->record.name, mod, name);
	if (comes) {
		find_named_file(a);
		/* Not at the return alone: the module's code may see to it that
		 * there is none. */
		send_images(a);
	}
	return 0;
}

/* Version and source version are of this event alone. So are the parameters as
 * the kernel has them, unless the caller's could not be read: the kernel made
 * its copy of what was there. */
static __noinline int send_module(struct kw_attempt *a, struct module *mod, enum kw_kind kind)
{
	struct kw_record *r = &a->record;
	struct kw_event e;

	if (kind == KW_MODULE_COMING && !(r->flags & KW_PARAMS_KNOWN) &&
	    append_kernel(r, &a->params, BPF_CORE_READ(mod, args)))
		r->flags |= KW_PARAMS_KNOWN;
	e = event(a, kind, 0, BPF_CORE_READ(mod, taints), 0);
	if (kind == KW_MODULE_COMING)
		e.params = BPF_CORE_READ(mod, args);
	e.version = BPF_CORE_READ(mod, version);
	e.srcversion = BPF_CORE_READ(mod, srcversion);
	send(a, &e);
	return 0;
}

/* What the kernel does with a module; a is NULL if there was no work space. */
static __always_inline int module_event(struct kw_attempt *a, struct module *mod, enum kw_kind kind)
{
	if (!a)
		return 0;
	add_module(a, mod, kind != KW_MODULE_FREE);
	send_module(a, mod, kind);
	done(a);
	return 0;
}

/* The spare work space, if there is no other: a load is told even if somebody
 * holds all entries of the hash. */
static __always_inline struct kw_attempt *spare_attempt(void)
{
	__u32 zero = 0;
	struct kw_attempt *a = bpf_map_lookup_elem(&spare, &zero);
	struct kw_attempt *none = bpf_map_lookup_elem(&blank, &zero);

	if (!a || !none || bpf_map_update_elem(&spare, &zero, none, BPF_ANY))
		return NULL;
	describe_task(&a->record);
	return a;
}

/* Which call the current thread is in, by the registers that it entered the
 * kernel with. */
static __noinline __u32 call_by_registers(struct kw_attempt *a)
{
	struct task_struct *task;
	struct pt_regs___x86 *x86;
	struct pt_regs___arm64 *arm64;
	__u64 number;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return KW_NO_CALL;
	task = (void *)bpf_get_current_task_btf();
	x86 = (void *)bpf_task_pt_regs((void *)task);
	arm64 = (void *)x86;
	if (bpf_core_field_exists(x86->orig_ax)) {
		number = BPF_CORE_READ(x86, orig_ax);
		if (BPF_CORE_READ(task, thread_info.status) & KW_TS_COMPAT) {
			a->record.flags |= KW_COMPAT;
			a->record.args[0] = (__u32)BPF_CORE_READ(x86, bx);
			a->record.args[1] = (__u32)BPF_CORE_READ(x86, cx);
			a->record.args[2] = (__u32)BPF_CORE_READ(x86, dx);
			return number == 128 ? KW_INIT_MODULE :
			       number == 350 ? KW_FINIT_MODULE :
			       number == 129 ? KW_DELETE_MODULE : KW_NO_CALL;
		}
		a->record.args[0] = BPF_CORE_READ(x86, di);
		a->record.args[1] = BPF_CORE_READ(x86, si);
		a->record.args[2] = BPF_CORE_READ(x86, dx);
		return number == 175 ? KW_INIT_MODULE :
		       number == 313 ? KW_FINIT_MODULE :
		       number == 176 ? KW_DELETE_MODULE : KW_NO_CALL;
	}
	if (bpf_core_field_exists(arm64->syscallno)) {
		number = BPF_CORE_READ(arm64, syscallno);
		a->record.args[0] = BPF_CORE_READ(arm64, orig_x0);
		a->record.args[1] = BPF_CORE_READ(arm64, regs[1]);
		a->record.args[2] = BPF_CORE_READ(arm64, regs[2]);
		return number == 105 ? KW_INIT_MODULE :
		       number == 273 ? KW_FINIT_MODULE :
		       number == 106 ? KW_DELETE_MODULE : KW_NO_CALL;
	}
	return KW_NO_CALL;
}

/* The hooks on calls and checks do not fire, as when ftrace is switched off:
 * says what they would have said, as far as the registers tell. */
static __noinline int reconstruct(struct kw_attempt *a)
{
	struct kw_record *r = &a->record;
	__u32 call = call_by_registers(a);

	if (call == KW_NO_CALL)
		return 0;
	r->call = call;
	r->call_time_ns = bpf_ktime_get_boot_ns();
	r->flags |= KW_ENTRY_MISSED;
	if (was_crowded_out())
		r->flags |= KW_CROWDED_OUT;
	a->reconstructed = 1;
	a->accepted = 1;
	read_params(a);
	if (call == KW_FINIT_MODULE) {
		struct file *file = file_of(r->args[0]);

		if (!file)
			return 0;
		describe_file(r, &a->file, file);
		a->file.flags |= KW_FILE_LATE;
		send_own_read(a);
	} else if (call == KW_INIT_MODULE) {
		find_module_file(a);
		a->file.flags |= KW_FILE_LATE;
	}
	return 0;
}

/* As work_space(), for what the kernel does with a module whether or not the
 * call was seen that made it. */
static __always_inline struct kw_attempt *work_space_of_module(void)
{
	struct kw_attempt *a = going_on();

	if (a)
		return a;
	a = new_attempt();
	if (!a)
		a = spare_attempt();
	if (a)
		reconstruct(a);
	else
		count(KW_NO_WORK_SPACE);
	return a;
}

/* Before the module's init function, after its parameters were set. */
SEC("tp_btf/module_load")
int BPF_PROG(module_load, struct module *mod)
{
	struct kw_attempt *a = work_space_of_module();

	module_came(mod, a);
	return module_event(a, mod, KW_MODULE_LOAD);
}

/* Before the module's memory goes: after exit(), and after a failed init. */
SEC("tp_btf/module_free")
int BPF_PROG(module_free, struct module *mod)
{
	struct kw_attempt *a = attempt_of_thread();

	module_went(mod);
	/* The init of a load that had to be reconstructed has failed. */
	if (!a || !a->reconstructed || a->returned || a->record.call == KW_DELETE_MODULE ||
	    call_by_registers(a) != a->record.call)
		a = work_space_of_module();
	return module_event(a, mod, KW_MODULE_FREE);
}

/* Optional, CONFIG_LIVEPATCH: before the module's parameters are set, which is
 * the first time that code of its own can run; its arguments are still whole. */
SEC("fentry/klp_module_coming")
int BPF_PROG(module_coming, struct module *mod)
{
	struct kw_attempt *a = work_space();

	return module_event(a, mod, KW_MODULE_COMING);
}

/* Optional, a static function: what the module's init function came to. The
 * module may be gone already, so it is not looked at: its name is in the
 * record since module_load. */
SEC("fexit/do_init_module")
int BPF_PROG(module_init, struct module *mod, int ret)
{
	struct kw_attempt *a = going_on();

	if (a)
		send_plain(a, KW_MODULE_INIT, 0, 0, ret);
	return 0;
}
