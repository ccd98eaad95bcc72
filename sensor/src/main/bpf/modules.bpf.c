// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * The kernel's work on a module: the module:* tracepoints as BTF tracepoints,
 * and two functions that not every kernel has. The tracepoints work from Linux
 * 5.5 on, and keep firing when ftrace is switched off.
 *
 * Neither module_get nor module_put are used: they fire whenever a file or a
 * socket of a module is opened.
 */
#include "images.h"
#include "lanes.h"
#include "loaded.h"
#include "module_file.h"

#define KW_TS_COMPAT 2	/* x86: in the i386 table */

/* Adds the loaded or unloaded module to an attempt: its name, and the open file
 * of that name. */
static __noinline int add_module(struct kw_attempt *a, struct module *mod, bool comes)
{
	accept(a);
	if (!a->record.name[0])
		BPF_CORE_READ_STR_INTO(&a->record.name, mod, name);
	if (comes) {
		find_named_file(a);
		/* Not only at the return: the module's code may prevent the
		 * return. */
		send_images(a);
	}
	return 0;
}

/* Sends an event of a module. Only this event has version and source version.
 * It also has the kernel's own copy of the parameters. Other events have the
 * copy if the caller's string could not be read. */
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

/* Sends an event of a module. a is NULL if there was no work space. */
static __always_inline int module_event(struct kw_attempt *a, struct module *mod, enum kw_kind kind)
{
	if (!a)
		return 0;
	add_module(a, mod, kind != KW_MODULE_FREE);
	send_module(a, mod, kind);
	done(a);
	return 0;
}

/* Returns the spare work space if no other is free. So a load is reported even
 * if somebody uses all entries of the hash. */
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

/* Returns the call of the current thread, by the registers with which it
 * entered the kernel. */
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

/* Reconstructs an attempt from the registers. This is for the case that the
 * hooks on calls and checks do not fire, for example because ftrace is switched
 * off. */
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

/* Returns a work space like work_space(), for an event of a module. The call
 * that caused the event may have been missed. */
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

/* Fires before the module's init function, after its parameters were set. */
SEC("tp_btf/module_load")
int BPF_PROG(module_load, struct module *mod)
{
	struct kw_attempt *a = work_space_of_module();

	module_came(mod, a);
	return module_event(a, mod, KW_MODULE_LOAD);
}

/* Fires before the module's memory is freed: after exit(), and after a failed
 * init. */
SEC("tp_btf/module_free")
int BPF_PROG(module_free, struct module *mod)
{
	struct kw_attempt *a = attempt_of_thread();

	module_went(mod);
	/* The init of a reconstructed load has failed. */
	if (!a || !a->reconstructed || a->returned || a->record.call == KW_DELETE_MODULE ||
	    call_by_registers(a) != a->record.call)
		a = work_space_of_module();
	return module_event(a, mod, KW_MODULE_FREE);
}

/* Optional, CONFIG_LIVEPATCH. Fires before the module's parameters are set,
 * which is the first time that its code can run. Its arguments are still
 * unchanged. */
SEC("fentry/klp_module_coming")
int BPF_PROG(module_coming, struct module *mod)
{
	struct kw_attempt *a = work_space();

	return module_event(a, mod, KW_MODULE_COMING);
}

/* Optional, a static function. Reads the result of the module's init function.
 * The module may be gone already, so the program does not read it. The record
 * has its name since module_load. */
SEC("fexit/do_init_module")
int BPF_PROG(module_init, struct module *mod, int ret)
{
	struct kw_attempt *a = going_on();

	if (a)
		send_plain(a, KW_MODULE_INIT, 0, 0, ret);
	return 0;
}
