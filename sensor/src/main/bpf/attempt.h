/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The work space of the attempt that the current thread makes, who makes it,
 * and sending what is known. Not a hook by itself.
 *
 * The work space is an entry of a hash by thread id, not of a per-CPU array:
 * fentry programs may be preempted, and two loaders on one CPU would write
 * into each other's record.
 */
#ifndef KMODWATCH_ATTEMPT_H
#define KMODWATCH_ATTEMPT_H

#include "kernel.h"
#include "record.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define KW_PATH_PARTS 2048		/* PATH_MAX / 2 */
#define KW_PATH_PARTS_UNROLLED 32
#define KW_NAME_MAX 256
#define KW_CGROUP_PARTS 64
#define KW_CMDLINE_MAX 2048
#define KW_ATTEMPTS 512
#define KW_RING_BYTES (16 << 20)

#define container_of_core(ptr, type, member) \
	((type *)((unsigned long)(ptr) - bpf_core_field_offset(type, member)))

/* An image that is being sent. */
struct kw_image {
	__u64 buf;		/* where the kernel has it */
	__u64 size;
	__u64 sent;
};

struct kw_attempt {
	struct kw_record record;
	__u64 file;		/* struct file that record.path is of */
	struct kw_image images[KW_IMAGE_KINDS];
	__u32 file_read;	/* the call's own file has been read */
	__u32 images_told;	/* KW_IMAGE has been sent */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KW_ATTEMPTS);
	__type(key, __u32);
	__type(value, struct kw_attempt);
} attempts SEC(".maps");

/* All zero: what a new attempt starts from. Too big for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kw_attempt);
} blank SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, KW_RING_BYTES);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KW_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* Not inlined, so that the enum is in the BTF for user space to see. */
static __noinline void count(enum kw_counter which)
{
	__u32 key = which;
	__u64 *counter = bpf_map_lookup_elem(&counters, &key);

	/* Atomic: a program that is preempted between load and store would
	 * undo another's count. */
	if (counter)
		__sync_fetch_and_add(counter, 1);
}

/* Where the next string may start; more than KW_DATA_MAX if there is no room.
 * 64 bits wide and opaque to the compiler, so that the value which is compared
 * is the one that the verifier sees used. */
static __always_inline __u64 end_of(const struct kw_record *r)
{
	__u64 off = r->data_len;

	asm volatile("" : "+r"(off));
	return off;
}

static __always_inline bool appended(struct kw_record *r, struct kw_span *span, __u64 off, long n)
{
	if (n <= 0)
		return false;
	span->off = off;
	span->len = n - 1;
	r->data_len = off + n;
	return true;
}

static __always_inline bool append_kernel(struct kw_record *r, struct kw_span *span, const void *from)
{
	__u64 off = end_of(r);

	if (off > KW_DATA_MAX || !from)
		return false;
	return appended(r, span, off,
			bpf_probe_read_kernel_str(&r->data[off], KW_APPEND_MAX, from));
}

static __always_inline bool append_user(struct kw_record *r, struct kw_span *span, __u64 from)
{
	__u64 off = end_of(r);
	long n;

	if (off > KW_DATA_MAX || !from)
		return false;
	n = bpf_probe_read_user_str(&r->data[off], KW_APPEND_MAX, (const void *)from);
	/* Of an empty string, strncpy_from_user_nofault() does not count the NUL,
	 * as it does of any other. */
	if (n == 0) {
		*span = (struct kw_span){};
		return true;
	}
	return appended(r, span, off, n);
}

/* A walk from a file up to the root of its mount namespace. */
struct kw_walk {
	struct kw_record *record;
	struct dentry *dentry;
	struct mount *mnt;
	__u32 flags;
};

/* One step of the walk: appends one name, or crosses one mount point. Returns
 * 1 when the walk is over. */
static long walk_step(__u32 step, struct kw_walk *w)
{
	struct kw_record *r = w->record;
	struct dentry *dentry = w->dentry;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	struct mount *mnt = w->mnt;
	__u64 off = end_of(r);
	long n;

	if (dentry == BPF_CORE_READ(mnt, mnt.mnt_root)) {
		struct mount *above = BPF_CORE_READ(mnt, mnt_parent);

		if (above != mnt) {
			w->dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
			w->mnt = above;
			return 0;
		}
	}
	if (off > KW_DATA_MAX)
		return 1;
	n = bpf_probe_read_kernel_str(&r->data[off], KW_NAME_MAX, BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0)
		return 1;
	if (dentry == parent) {
		/* The root, "/"; or a file without a tree, such as a memfd, whose
		 * name is all there is and leads nowhere. */
		if (r->data[off] != '/') {
			r->data_len = off + n;
			w->flags |= KW_FILE_DELETED;
		}
		w->flags &= ~KW_PATH_CUT;
		return 1;
	}
	r->data_len = off + n;
	w->dentry = parent;
	return 0;
}

/* Appends the names from the file up to the root of its mount namespace;
 * returns the flags that go with the path. */
static __noinline __u32 append_path(struct kw_record *r, struct file *file)
{
	struct vfsmount *vfsmount = BPF_CORE_READ(file, f_path.mnt);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct kw_walk w = {
		.record = r,
		.dentry = dentry,
		.mnt = container_of_core(vfsmount, struct mount, mnt),
		.flags = KW_PATH_CUT,
	};
	__u32 start = r->data_len;
	int i;

	/* d_unlinked(): in no hash chain, and not a root, which never is. */
	if (!BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry)
		w.flags |= KW_FILE_DELETED;
	/* bpf_loop() (5.17) is verified once, a plain loop once a turn, which
	 * costs a tenth of a second of start-up for each ten turns. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(KW_PATH_PARTS, walk_step, &w, 0);
	} else {
		for (i = 0; i < KW_PATH_PARTS_UNROLLED; i++) {
			if (walk_step(i, &w))
				break;
		}
	}
	r->path.off = start;
	r->path.len = r->data_len - start;
	return w.flags;
}

static __always_inline __u64 inode_ctime_ns(struct inode *inode)
{
	struct inode___v6_11 *newest = (void *)inode;
	struct inode___v6_6 *newer = (void *)inode;

	if (bpf_core_field_exists(newest->i_ctime_sec))
		return BPF_CORE_READ(newest, i_ctime_sec) * 1000000000ULL +
		       BPF_CORE_READ(newest, i_ctime_nsec);
	if (bpf_core_field_exists(newer->__i_ctime))
		return BPF_CORE_READ(newer, __i_ctime.tv_sec) * 1000000000ULL +
		       BPF_CORE_READ(newer, __i_ctime.tv_nsec);
	return BPF_CORE_READ(inode, i_ctime.tv_sec) * 1000000000ULL +
	       BPF_CORE_READ(inode, i_ctime.tv_nsec);
}

#define KW_FILE_FLAGS (KW_FILE_KNOWN | KW_FILE_DELETED | KW_PATH_CUT)

/* Puts path and identity of a file into the record. */
static __noinline void describe_file(struct kw_record *r, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	r->flags &= ~KW_FILE_FLAGS;
	r->flags |= append_path(r, file) | KW_FILE_KNOWN;
	r->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	r->ino = BPF_CORE_READ(inode, i_ino);
	r->ctime_ns = inode_ctime_ns(inode);
}

/* The id of a thread as its pid namespace level numbers it; 0 outside it. */
static __always_inline int nr_at(struct pid *pid, unsigned int level, struct pid_namespace *ns)
{
	struct upid *upid;

	if (!pid || BPF_CORE_READ(pid, level) < level)
		return 0;
	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       (level & 31) * bpf_core_type_size(struct upid);
	if (BPF_CORE_READ(upid, ns) != ns)
		return 0;
	return BPF_CORE_READ(upid, nr);
}

/* Appends the path of a task's program; a kernel thread has none. */
static __always_inline void append_exe(struct kw_record *r, struct kw_span *span, struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct kw_span path = r->path;

	if (!exe)
		return;
	append_path(r, exe);
	*span = r->path;
	r->path = path;
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
	append_exe(r, &ancestor->exe, task);
	w->task = task;
	return 0;
}

static __noinline void describe_lineage(struct kw_record *r)
{
	struct kw_lineage w = {
		.record = r,
		.task = (void *)bpf_get_current_task(),
	};

	/* Without bpf_loop() it would be too much for the verifier: then there
	 * is the parent's id alone, and the record has a gap. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
		bpf_loop(KW_ANCESTORS, lineage_step, &w, 0);
}

/* A walk from a cgroup up to the root of its hierarchy. */
struct kw_cgroup_walk {
	struct kw_record *record;
	struct kernfs_node *node;
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

	if (!parent || off > KW_DATA_MAX)
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
	};
	__u32 start = r->data_len;
	int i;

	/* Under version 1 everything is at the root of the version 2 hierarchy:
	 * then take the pids controller's. */
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
	r->cgroup.off = start;
	r->cgroup.len = r->data_len - start;
}

static __noinline void describe_cmdline(struct kw_record *r)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 from = BPF_CORE_READ(task, mm, arg_start);
	__u64 len = BPF_CORE_READ(task, mm, arg_end) - from;
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
	r->user_ns = BPF_CORE_READ(task, cred, user_ns, ns.inum);
}

/* Who the current thread is. */
static __noinline void describe_task(struct kw_record *r)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	struct task_struct *parent_leader = BPF_CORE_READ(parent, group_leader);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	const struct cred *cred = BPF_CORE_READ(task, cred);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct pid_namespace *ns = NULL;
	struct upid *own;
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	own = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	      (level & 31) * bpf_core_type_size(struct upid);
	ns = BPF_CORE_READ(own, ns);

	r->host_pid = pid_tgid >> 32;
	r->host_tid = (__u32)pid_tgid;
	r->host_ppid = BPF_CORE_READ(parent, tgid);
	r->tid = BPF_CORE_READ(own, nr);
	r->pid = nr_at(BPF_CORE_READ(leader, thread_pid), level, ns);
	r->ppid = nr_at(BPF_CORE_READ(parent_leader, thread_pid), level, ns);
	r->pid_ns = BPF_CORE_READ(ns, ns.inum);
	r->start_time_ns = BPF_CORE_READ(task, start_boottime);
	r->leader_start_time_ns = BPF_CORE_READ(leader, start_boottime);
	r->parent_start_time_ns = BPF_CORE_READ(parent_leader, start_boottime);
	r->uid = (__u32)bpf_get_current_uid_gid();
	r->euid = BPF_CORE_READ(cred, euid.val);
	bpf_probe_read_kernel(&r->cap_effective, sizeof(r->cap_effective),
			      (void *)cred + bpf_core_field_offset(struct cred, cap_effective));
	if (bpf_core_field_exists(task->loginuid)) {
		r->loginuid = BPF_CORE_READ(task, loginuid.val);
		r->sessionid = BPF_CORE_READ(task, sessionid);
		r->flags |= KW_AUDIT_KNOWN;
	}
	r->cgroup_id = bpf_get_current_cgroup_id();
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	BPF_CORE_READ_STR_INTO(&r->node, task, nsproxy, uts_ns, name.nodename);
	append_exe(r, &r->exe, task);
	describe_namespaces(r);
	describe_cgroup(r);
	describe_cmdline(r);
	describe_lineage(r);
}

/* The attempt that the current thread is making, or NULL. */
static __always_inline struct kw_attempt *current_attempt(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct kw_attempt *a = bpf_map_lookup_elem(&attempts, &tid);

	/* An entry may be that of a dead thread which never returned from its
	 * call and whose id is used again. */
	if (a && a->record.start_time_ns != BPF_CORE_READ(task, start_boottime))
		return NULL;
	return a;
}

/* A fresh work space for the current thread, with who it is filled in. */
static __always_inline struct kw_attempt *new_attempt(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u32 zero = 0;
	struct kw_attempt *a = bpf_map_lookup_elem(&blank, &zero);

	if (!a)
		return NULL;
	if (bpf_map_update_elem(&attempts, &tid, a, BPF_ANY))
		return NULL;
	a = bpf_map_lookup_elem(&attempts, &tid);
	if (a)
		describe_task(&a->record);
	return a;
}

/* The work space to say something about the current thread with: the attempt
 * that it is making, or one just for this. NULL is counted as a loss. */
static __always_inline struct kw_attempt *work_space(void)
{
	struct kw_attempt *a = current_attempt();

	if (!a)
		a = new_attempt();
	if (!a) {
		count(KW_SEEN);
		count(KW_LOST_NO_SCRATCH);
	}
	return a;
}

/* Gives the work space back, unless the thread is in a call that needs it. */
static __always_inline void done(struct kw_attempt *a)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (a->record.call == KW_NO_CALL)
		bpf_map_delete_elem(&attempts, &tid);
}

static __always_inline void send(struct kw_record *r, __u32 kind)
{
	__u64 len = end_of(r);

	r->kind = kind;
	r->time_ns = bpf_ktime_get_boot_ns();
	r->cpu = bpf_get_smp_processor_id();
	count(KW_SEEN);
	if (len > KW_DATA_MAX + KW_APPEND_MAX)
		len = KW_DATA_MAX + KW_APPEND_MAX;
	if (bpf_ringbuf_output(&ring, r, __builtin_offsetof(struct kw_record, data) + len, 0))
		count(KW_LOST_RING_FULL);
}

#endif
