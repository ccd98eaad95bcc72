/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The current thread, its process and its ancestors. Not a hook itself. */
#ifndef KMODWATCH_TASK_H
#define KMODWATCH_TASK_H

#include "files.h"

#define KW_CGROUP_PARTS 2048

#ifdef KW_NO_PROBE_READ

#define KW_NR_AT(i) case i: return newer->numbers[i].ns == ns ? newer->numbers[i].nr : 0

/* Returns the id of a thread in its pid namespace at a level; 0 outside it.
 * Also returns 0 where the verifier allows no read: behind the array that the
 * type has. The array is flexible from 6.5 on and in later kernels of older
 * series. */
static __always_inline int nr_at(struct pid *pid, unsigned int level, struct pid_namespace *ns)
{
	struct pid___v6_5 *newer = (void *)pid;

	if (pid->level < level)
		return 0;
	if (!level)
		return pid->numbers[0].nr;
	if (bpf_core_field_size(struct pid, numbers))
		return 0;
	switch (level) {
	KW_NR_AT(1);
	KW_NR_AT(2);
	KW_NR_AT(3);
	}
	return 0;
}

/* Returns the namespace for the task's children. Returns NULL if that is
 * another one, which is further down. */
static __always_inline struct pid_namespace *pid_ns_of(struct task_struct *task, struct pid *pid,
						       unsigned int level)
{
	struct pid_namespace *ns = task->nsproxy->pid_ns_for_children;

	return ns->level == level ? ns : NULL;
}

#else

static __always_inline struct upid *upid_at(struct pid *pid, unsigned int level)
{
	return (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       (level & 31) * bpf_core_type_size(struct upid);
}

/* Returns the id of a thread in its pid namespace at a level; 0 outside it. */
static __always_inline int nr_at(struct pid *pid, unsigned int level, struct pid_namespace *ns)
{
	struct upid *upid;

	if (!pid || BPF_CORE_READ(pid, level) < level)
		return 0;
	upid = upid_at(pid, level);
	if (BPF_CORE_READ(upid, ns) != ns)
		return 0;
	return BPF_CORE_READ(upid, nr);
}

static __always_inline struct pid_namespace *pid_ns_of(struct task_struct *task, struct pid *pid,
						       unsigned int level)
{
	struct upid *own = upid_at(pid, level);

	return BPF_CORE_READ(own, ns);
}

#endif

/* Appends the path of a task's program, or its end. A kernel thread has no
 * program. Returns whether it is only the end. */
static __always_inline bool append_exe(struct kw_record *r, struct kw_span *span,
				       struct task_struct *task, const __u32 max)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	__u32 start = r->data_len;
	__u32 flags;

	if (!exe)
		return false;
	flags = append_path(r, exe, task, max, KW_KEEP_END);
	if (!(flags & KW_PART_OF_PATH))
		*span = last_string(r, start);
	return flags & KW_PATH_CUT & ~KW_PART_OF_PATH;
}

/* A walk from a task up to its ancestors. */
struct kw_lineage {
	struct kw_record *record;
	struct task_struct *task;
};

static long lineage_step(__u32 step, struct kw_lineage *w)
{
	struct kw_record *r = w->record;
	struct task_struct *task = w->task;
	struct kw_ancestor *ancestor;
	__u32 pid;

	task = BPF_CORE_READ(task, real_parent, group_leader);
	pid = BPF_CORE_READ(task, tgid);
	if (!pid)
		return 1;
	ancestor = &r->ancestors[step & (KW_ANCESTORS - 1)];
	ancestor->host_pid = pid;
	ancestor->start_time_ns = BPF_CORE_READ(task, start_boottime);
	BPF_CORE_READ_STR_INTO(&ancestor->comm, task, comm);
	ancestor->exe_cut = append_exe(r, &ancestor->exe, task, KW_ANCESTOR_EXE_MAX);
	w->task = task;
	return 0;
}

static __noinline void describe_lineage(struct kw_record *r)
{
	struct kw_lineage w = {
		.record = r,
		.task = (void *)bpf_get_current_task(),
	};

	/* Without bpf_loop() the verifier would refuse it. Then there is only
	 * the parent's id, and the record has a gap. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
		bpf_loop(KW_ANCESTORS, lineage_step, &w, 0);
}

/* A walk from a cgroup up to the root of its hierarchy. */
struct kw_cgroup_walk {
	struct kw_record *record;
	struct kernfs_node *node;
	__u64 start;
};

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___v6_15 *newer = (void *)node;

	if (bpf_core_field_exists(newer->__parent))
		return BPF_CORE_READ(newer, __parent);
	return BPF_CORE_READ(node, parent);
}

static long cgroup_step(__u32 step, struct kw_cgroup_walk *w)
{
	struct kw_record *r = w->record;
	struct kernfs_node *node = w->node;
	struct kernfs_node *parent = parent_of(node);
	__u64 off = end_of(r);
	long n;

	if (!parent)
		return 1;
	if (off + KW_NAME_MAX > w->start + KW_CGROUP_MAX) {
		off = leave_out_middle(r, w->start, off);
		r->flags |= KW_CGROUP_CUT;
	}
	asm volatile("" : "+r"(off));
	if (off > KW_DATA_MAX + KW_APPEND_MAX - KW_NAME_MAX)
		return 1;
	n = bpf_probe_read_kernel_str(&r->data[off], KW_NAME_MAX, BPF_CORE_READ(node, name));
	if (n <= 0)
		return 1;
	r->data_len = off + n;
	w->node = parent;
	return 0;
}

static __noinline void describe_cgroup(struct kw_record *r)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct kw_cgroup_walk w = {
		.record = r,
		.node = BPF_CORE_READ(set, dfl_cgrp, kn),
		.start = end_of(r),
	};
	__u32 start = r->data_len;
	int i;

	/* Under version 1 every task is at the root of the version 2 hierarchy.
	 * Then use the pids controller's hierarchy. */
	if (!parent_of(w.node) && bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id)) {
		struct cgroup_subsys_state *css = NULL;

		bpf_probe_read_kernel(&css, sizeof(css),
				      (void *)set + bpf_core_field_offset(struct css_set, subsys) +
				      bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id) * sizeof(css));
		if (css)
			w.node = BPF_CORE_READ(css, cgroup, kn);
	}
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(KW_CGROUP_PARTS, cgroup_step, &w, 0);
	} else {
		for (i = 0; i < KW_PATH_PARTS_UNROLLED; i++) {
			if (cgroup_step(i, &w))
				break;
		}
	}
	/* The names next to the root identify the cgroup's owner. */
	if (parent_of(w.node)) {
		r->flags |= KW_CGROUP_CUT;
		r->data_len = start;
	}
	r->cgroup = last_string(r, start);
}

static __noinline void describe_cmdline(struct kw_record *r)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 from = BPF_CORE_READ(mm, arg_start);
	__u64 len = BPF_CORE_READ(mm, arg_end) - from;
	__u64 off = end_of(r);

	if (!from || off > KW_DATA_MAX)
		return;
	asm volatile("" : "+r"(len));
	if (len > KW_CMDLINE_MAX) {
		len = KW_CMDLINE_MAX;
		r->flags |= KW_ARGS_CUT;
	}
	if (bpf_probe_read_user(&r->data[off], len, (const void *)from))
		return;
	r->cmdline.off = off;
	r->cmdline.len = len;
	r->data_len = off + len;
}

static __noinline void describe_namespaces(struct kw_record *r)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct nsproxy *proxy = BPF_CORE_READ(task, nsproxy);

	r->cgroup_ns = BPF_CORE_READ(proxy, cgroup_ns, ns.inum);
	r->ipc_ns = BPF_CORE_READ(proxy, ipc_ns, ns.inum);
	r->mnt_ns = BPF_CORE_READ(proxy, mnt_ns, ns.inum);
	r->net_ns = BPF_CORE_READ(proxy, net_ns, ns.inum);
	if (bpf_core_field_exists(proxy->time_ns))
		r->timens = BPF_CORE_READ(proxy, time_ns, ns.inum);
	r->uts_ns = BPF_CORE_READ(proxy, uts_ns, ns.inum);
	BPF_CORE_READ_STR_INTO(&r->node, proxy, uts_ns, name.nodename);
}

/* Describes the current thread. */
static __noinline void describe_task(struct kw_record *r)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	struct task_struct *parent_leader = BPF_CORE_READ(parent, group_leader);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	const struct cred *cred = BPF_CORE_READ(task, cred);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct pid_namespace *ns = pid_ns_of(task, pid, level);
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	r->host_pid = pid_tgid >> 32;
	r->host_tid = (__u32)pid_tgid;
	r->host_ppid = BPF_CORE_READ(parent, tgid);
	r->tid = nr_at(pid, level, ns);
	r->pid = nr_at(BPF_CORE_READ(leader, thread_pid), level, ns);
	r->ppid = nr_at(BPF_CORE_READ(parent_leader, thread_pid), level, ns);
	if (ns)
		r->pid_ns = BPF_CORE_READ(ns, ns.inum);
	r->start_time_ns = BPF_CORE_READ(task, start_boottime);
	r->leader_start_time_ns = BPF_CORE_READ(leader, start_boottime);
	r->parent_start_time_ns = BPF_CORE_READ(parent_leader, start_boottime);
	r->uid = (__u32)bpf_get_current_uid_gid();
	r->euid = BPF_CORE_READ(cred, euid.val);
	r->user_ns = BPF_CORE_READ(cred, user_ns, ns.inum);
	read_number(&r->cap_effective, &cred->cap_effective);
	if (bpf_core_field_exists(task->loginuid)) {
		r->loginuid = BPF_CORE_READ(task, loginuid.val);
		r->sessionid = BPF_CORE_READ(task, sessionid);
		r->flags |= KW_AUDIT_KNOWN;
	}
	r->flags |= KW_READS_FLAGS;
	r->cgroup_id = bpf_get_current_cgroup_id();
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	if (append_exe(r, &r->exe, task, KW_EXE_MAX))
		r->flags |= KW_EXE_CUT;
	describe_namespaces(r);
	describe_cgroup(r);
	describe_cmdline(r);
	describe_lineage(r);
}

#endif
