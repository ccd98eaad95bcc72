/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The modules in the kernel, by the addresses of their struct module. Not a
 * hook itself.
 *
 * module_load fires after the kernel has added a module to /proc/modules and
 * /sys/module. module_free fires before the kernel removes it there. So a
 * module that this list has before and after a read of both is in both, or
 * hides.
 */
#ifndef KMODWATCH_LOADED_H
#define KMODWATCH_LOADED_H

#include "attempt.h"

#define KW_LOADED_MAX 4096

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KW_LOADED_MAX);
	__type(key, __u64);
	__type(value, struct kw_module);
} loaded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kw_module_changes);
} loaded_changes SEC(".maps");

/* The key of a removed module of which only the name is known. No struct module
 * has an odd address. The code adds, because the verifier of Linux 7.2 refuses
 * an or with a value that it considers a pointer. */
#define KW_GONE_KEY(address) ((address) + 1)

/* Counts a change after the list was changed, so that a reader of the number
 * also reads the change. */
static __always_inline void loaded_changed(bool listed)
{
	__u32 zero = 0;
	struct kw_module_changes *c = bpf_map_lookup_elem(&loaded_changes, &zero);

	if (!c)
		return;
	if (!listed)
		__sync_fetch_and_add(&c->unlisted, 1);
	__sync_fetch_and_add(&c->changes, 1);
}

/* Reads the address and the size of a module, as in /proc/modules. */
static __always_inline void describe_memory(struct kw_module *m, struct module *mod)
{
	struct module___v6_4 *newer = (void *)mod;
	struct module___v5 *older = (void *)mod;

	if (bpf_core_field_exists(newer->mem)) {
		m->base = (__u64)BPF_CORE_READ(newer, mem[0].base);
		m->size = BPF_CORE_READ(newer, mem[0].size) + BPF_CORE_READ(newer, mem[1].size) +
			  BPF_CORE_READ(newer, mem[2].size) + BPF_CORE_READ(newer, mem[3].size);
	} else {
		m->base = (__u64)BPF_CORE_READ(older, core_layout.base);
		m->size = BPF_CORE_READ(older, core_layout.size);
	}
}

/* Adds a module that was loaded. a is the attempt that loaded it, or NULL if
 * there was no work space. */
static __noinline int module_came(struct module *mod, struct kw_attempt *a)
{
	struct kw_module m = { .progress = KW_NO_RETURN };
	__u64 key = (__u64)mod;

	m.loaded_ns = bpf_ktime_get_boot_ns();
	m.taints = BPF_CORE_READ(mod, taints);
	m.host_tid = (__u32)bpf_get_current_pid_tgid();
	describe_memory(&m, mod);
	BPF_CORE_READ_STR_INTO(&m.name, mod, name);
	if (a) {
		a->module = key;
		m.call_time_ns = a->record.call_time_ns;
		if (a->record.call != KW_NO_CALL && !a->reconstructed)
			m.progress = KW_IN_CALL;
	}
	loaded_changed(!bpf_map_update_elem(&loaded, &key, &m, BPF_ANY));
	return 0;
}

static __noinline int module_went(struct module *mod)
{
	struct kw_module m = { .progress = KW_GONE };
	__u64 key = (__u64)mod;
	bool listed = true;

	if (bpf_map_delete_elem(&loaded, &key)) {
		BPF_CORE_READ_STR_INTO(&m.name, mod, name);
		key = KW_GONE_KEY(key);
		listed = !bpf_map_update_elem(&loaded, &key, &m, BPF_ANY);
	}
	loaded_changed(listed);
	return 0;
}

/* Marks the call of an attempt as returned. */
static __always_inline void call_returned(struct kw_attempt *a)
{
	__u64 key = a->module;
	struct kw_module *m = key ? bpf_map_lookup_elem(&loaded, &key) : NULL;

	/* Another module may have this address by now. */
	if (m && m->call_time_ns == a->record.call_time_ns && m->host_tid == a->record.host_tid)
		m->progress = KW_RETURNED;
}

#endif
