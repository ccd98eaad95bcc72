/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The work space of the current thread's attempt. Not a hook itself.
 *
 * The work space is an entry of a hash by thread id, not of a per-CPU array.
 * fentry programs may be preempted, and two loaders on one CPU would write into
 * each other's record.
 */
#ifndef KMODWATCH_ATTEMPT_H
#define KMODWATCH_ATTEMPT_H

#include "counters.h"
#include "task.h"

#define KW_ATTEMPTS 512

/* An image that is sent in parts. */
struct kw_image {
	__u64 buf;		/* the kernel's address of it */
	__u64 size;
	__u64 sent;
};

/* An event, with the values that only its record has. The strings are the
 * kernel's. */
struct kw_event {
	__u64 time_ns;
	__u64 value;
	__s64 ret;
	const struct kw_file *file;
	const char *alias;
	const char *params;		/* NULL: the attempt's own */
	const char *version;
	const char *srcversion;
	enum kw_kind kind;
	__u32 id;
	__u32 path_len;			/* of another file's path, at the end of data */
};

/* An event that its lane did not take. It is sent later if the kernel accepts
 * the load. All other values are the attempt's. */
struct kw_kept {
	__u64 time_ns;
	__u64 value;
	__s64 ret;
	__u32 id;
	__u16 kind;
	__u16 counter;		/* the enum kw_counter that counted it */
};

/* READ_FILE and POST_READ_FILE, or LOAD_DATA and POST_LOAD_DATA. From 6.19 on
 * POST_READ_FILE occurs twice. */
#define KW_KEPT_MAX 4

enum kw_grant {
	KW_UNDECIDED = 0,
	KW_GRANTED = 1,
	KW_HELD_BACK = 2,	/* too many attempts of its user and cgroup, or of all */
	KW_NO_ROOM = 3,
	KW_HELD_TOGETHER = 4,	/* too many users and cgroups without earlier attempts */
};

/* The state of an attempt. It is filled in when the call is entered, and later
 * only extended. Only put() writes the values of one event into the record. */
struct kw_attempt {
	struct kw_record record;
	struct kw_kept kept[KW_KEPT_MAX];
	__u32 kept_count;
	__u32 grant;		/* enum kw_grant */
	__u32 accepted;		/* by the kernel: the lane is that of loads */
	__u32 reconstructed;	/* from the thread's registers: the entry was missed */
	__u64 module;		/* the struct module that it loaded */
	struct kw_file file;	/* the module's file, as far as it is known */
	struct kw_file other;	/* the last file read for another purpose than the module */
	struct kw_span params;
	struct kw_image images[KW_IMAGE_KINDS];
	__u32 file_read;	/* the call's own file has been read */
	__u32 images_told;	/* KW_IMAGE was sent */
	__u32 returned;		/* the call's record was sent: the attempt is over */
	__u32 depth;		/* the number of outer calls of the thread: see put_aside() */
};

/* Attempts by thread. An attempt that was put aside has its depth, from one on,
 * in the upper bits (PID_MAX_LIMIT is 1 << 22). */
#define KW_TID_BITS 24
#define KW_DEPTH_MAX 8

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KW_ATTEMPTS);
	__type(key, __u32);
	__type(value, struct kw_attempt);
} attempts SEC(".maps");

/* All zero: the initial value of a new attempt. It is too big for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kw_attempt);
} blank SEC(".maps");

/* A work space for a load that finds no free entry in attempts. Tracepoints are
 * not preempted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kw_attempt);
} spare SEC(".maps");

/* The start time of each thread whose call found no free entry in attempts. If
 * only some hooks then report the rest of the call, the other hooks may still
 * work. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8 * KW_ATTEMPTS);
	__type(key, __u32);
	__type(value, __u64);
} crowded_out SEC(".maps");

/* The work space of the agent's own call. It takes no entry of attempts, so
 * that the call is reported even if no entry is free. One thread makes it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kw_attempt);
} canary SEC(".maps");

static __noinline int note_crowded_out(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 start = BPF_CORE_READ(task, start_boottime);
	__u64 *known = bpf_map_lookup_elem(&crowded_out, &tid);

	/* The entry's other program has counted it. */
	if (known && *known == start)
		return 0;
	bpf_map_update_elem(&crowded_out, &tid, &start, BPF_ANY);
	count(KW_ENTRIES_CROWDED_OUT);
	return 0;
}

/* Returns whether the entry of the current thread's call found no work
 * space. */
static __noinline bool was_crowded_out(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *start = bpf_map_lookup_elem(&crowded_out, &tid);

	return start && *start == BPF_CORE_READ(task, start_boottime);
}

/* Removes the mark: the current thread's call has returned. */
static __noinline int forget_crowded_out(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&crowded_out, &tid);
	return 0;
}

/* Returns the entry of the hash for the current thread, or NULL. */
static __always_inline struct kw_attempt *attempt_of_thread(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct kw_attempt *a = bpf_map_lookup_elem(&attempts, &tid);

	/* The entry may be that of a dead thread which never returned from its
	 * call, and whose id is used again. */
	if (a && a->record.start_time_ns != BPF_CORE_READ(task, start_boottime))
		return NULL;
	return a;
}

/* Returns the attempt that the current thread is making, or NULL. A
 * reconstructed attempt may be over: no event reported its end. */
static __always_inline struct kw_attempt *current_attempt(void)
{
	struct kw_attempt *a = attempt_of_thread();

	return a && (a->reconstructed || a->returned) ? NULL : a;
}

/* Reads the string that a call takes, unless it is known: parameters or the
 * module's name. Its page may not be there yet, so each hook of an attempt
 * tries again. */
static __noinline int read_params(struct kw_attempt *a)
{
	struct kw_record *r = &a->record;
	__u64 from = r->call == KW_INIT_MODULE	 ? r->args[2] :
		     r->call == KW_FINIT_MODULE ? r->args[1] :
						   r->args[0];

	if (r->call != KW_NO_CALL && !(r->flags & KW_PARAMS_KNOWN) &&
	    append_user(r, &a->params, from))
		r->flags |= KW_PARAMS_KNOWN;
	return 0;
}

/* Returns the attempt that the current thread continues with this hook, or
 * NULL. */
static __always_inline struct kw_attempt *going_on(void)
{
	struct kw_attempt *a = current_attempt();

	if (a)
		read_params(a);
	return a;
}

/* Returns a new work space for the current thread, with the task filled in. */
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

/* Keeps the attempt while its thread makes another call within it. A module can
 * do so if its init function calls the kernel's own function for
 * init_module(2). */
static __noinline bool put_aside(struct kw_attempt *a)
{
	__u32 key = (__u32)bpf_get_current_pid_tgid() | (a->depth + 1) << KW_TID_BITS;

	return a->depth < KW_DEPTH_MAX && !bpf_map_update_elem(&attempts, &key, a, BPF_ANY);
}

/* Continues with the attempt around the call that had this depth. */
static __noinline int bring_back(__u32 depth)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u32 key = tid | depth << KW_TID_BITS;
	struct kw_attempt *around = bpf_map_lookup_elem(&attempts, &key);

	if (around)
		bpf_map_update_elem(&attempts, &tid, around, BPF_ANY);
	else
		bpf_map_delete_elem(&attempts, &tid);
	bpf_map_delete_elem(&attempts, &key);
	return 0;
}

/* Returns the work space for an event of the current thread: its attempt, or a
 * temporary one. NULL is counted as a loss. */
static __always_inline struct kw_attempt *work_space(void)
{
	struct kw_attempt *a = going_on();

	if (!a)
		a = new_attempt();
	if (!a)
		count(KW_NO_WORK_SPACE);
	return a;
}

/* Frees the work space, unless the thread is in a call that needs it. */
static __always_inline void done(struct kw_attempt *a)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (a->record.call == KW_NO_CALL)
		bpf_map_delete_elem(&attempts, &tid);
}

#endif
