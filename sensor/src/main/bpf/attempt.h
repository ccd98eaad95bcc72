/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The work space of the attempt that the current thread makes. Not a hook by
 * itself.
 *
 * The work space is an entry of a hash by thread id, not of a per-CPU array:
 * fentry programs may be preempted, and two loaders on one CPU would write
 * into each other's record.
 */
#ifndef KMODWATCH_ATTEMPT_H
#define KMODWATCH_ATTEMPT_H

#include "counters.h"
#include "task.h"

#define KW_ATTEMPTS 512

/* An image that is being sent. */
struct kw_image {
	__u64 buf;		/* where the kernel has it */
	__u64 size;
	__u64 sent;
};

/* What happened, and what its record alone says. Strings are the kernel's. */
struct kw_event {
	__u64 time_ns;
	__u64 value;
	__s64 ret;
	const struct kw_file *file;
	const char *alias;
	const char *params;		/* NULL: the attempt's */
	const char *version;
	const char *srcversion;
	enum kw_kind kind;
	__u32 id;
	__u32 path_len;			/* of another file's path, at the end of the record's data */
};

/* An event that its lane did not take: sent after all if the kernel accepts
 * the load. What else it says is the attempt's. */
struct kw_kept {
	__u64 time_ns;
	__u64 value;
	__s64 ret;
	__u32 id;
	__u16 kind;
	__u16 counter;		/* enum kw_counter that it was counted by */
};

/* READ_FILE and POST_READ_FILE, or LOAD_DATA and POST_LOAD_DATA; from 6.19 on
 * POST_READ_FILE twice. */
#define KW_KEPT_MAX 4

enum kw_grant {
	KW_UNDECIDED = 0,
	KW_GRANTED = 1,
	KW_HELD_BACK = 2,	/* its user and cgroup made too many, or all together did */
	KW_NO_ROOM = 3,
	KW_HELD_TOGETHER = 4,	/* too many users and cgroups that made none before */
};

/* What is known of an attempt. It is filled in when the call is entered, and only
 * added to. put() alone writes into the record what one event says. */
struct kw_attempt {
	struct kw_record record;
	struct kw_kept kept[KW_KEPT_MAX];
	__u32 kept_count;
	__u32 grant;		/* enum kw_grant */
	__u32 accepted;		/* the kernel has taken the module: the lane is that of loads */
	__u32 reconstructed;	/* from the thread's registers: the entry was not seen */
	__u64 module;		/* struct module that it brought in */
	struct kw_file file;	/* that the module is from, as far as it is known */
	struct kw_file other;	/* that the kernel has read last, and not for the module */
	struct kw_span params;
	struct kw_image images[KW_IMAGE_KINDS];
	__u32 file_read;	/* the call's own file has been read */
	__u32 images_told;	/* KW_IMAGE has been sent */
	__u32 returned;		/* the call's record has been sent: the attempt is over */
	__u32 depth;		/* how many calls of the thread are around it: see put_aside() */
};

/* By thread; one that was put aside has its depth, from one on, in the upper
 * bits (PID_MAX_LIMIT is 1 << 22). */
#define KW_TID_BITS 24
#define KW_DEPTH_MAX 8

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

/* For a load that finds no entry free in attempts: tracepoints are not
 * preempted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kw_attempt);
} spare SEC(".maps");

/* When each thread started whose call found no entry free in attempts. Which
 * hooks see the rest of the call then is no sign that others do not fire. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8 * KW_ATTEMPTS);
	__type(key, __u32);
	__type(value, __u64);
} crowded_out SEC(".maps");

/* The agent's own call takes no entry of attempts, so that it comes back even if
 * there is none. One thread makes it. */
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

	/* By the entry's other program. */
	if (known && *known == start)
		return 0;
	bpf_map_update_elem(&crowded_out, &tid, &start, BPF_ANY);
	count(KW_ENTRIES_CROWDED_OUT);
	return 0;
}

/* Whether the entry of the current thread's call found no work space. */
static __noinline bool was_crowded_out(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *start = bpf_map_lookup_elem(&crowded_out, &tid);

	return start && *start == BPF_CORE_READ(task, start_boottime);
}

/* The current thread's call has returned. */
static __noinline int forget_crowded_out(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&crowded_out, &tid);
	return 0;
}

/* What is in the hash for the current thread, or NULL. */
static __always_inline struct kw_attempt *attempt_of_thread(void)
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

/* The attempt that the current thread is making, or NULL. One that had to be
 * reconstructed may be over: nothing told of its end. */
static __always_inline struct kw_attempt *current_attempt(void)
{
	struct kw_attempt *a = attempt_of_thread();

	return a && (a->reconstructed || a->returned) ? NULL : a;
}

/* The string that a call takes, parameters or the module's name, unless it is
 * known. Its page may not be there yet: each hook of an attempt tries again. */
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

/* The attempt that the current thread is making, as a hook of it goes on with
 * it, or NULL. */
static __always_inline struct kw_attempt *going_on(void)
{
	struct kw_attempt *a = current_attempt();

	if (a)
		read_params(a);
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

/* Keeps the attempt while its thread makes another call within it, as a module
 * can whose init function calls the kernel's own for init_module(2). */
static __noinline bool put_aside(struct kw_attempt *a)
{
	__u32 key = (__u32)bpf_get_current_pid_tgid() | (a->depth + 1) << KW_TID_BITS;

	return a->depth < KW_DEPTH_MAX && !bpf_map_update_elem(&attempts, &key, a, BPF_ANY);
}

/* Goes on with the attempt around the call that was of this depth. */
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

/* The work space to say something about the current thread with: the attempt
 * that it is making, or one just for this. NULL is counted as a loss. */
static __always_inline struct kw_attempt *work_space(void)
{
	struct kw_attempt *a = going_on();

	if (!a)
		a = new_attempt();
	if (!a)
		count(KW_NO_WORK_SPACE);
	return a;
}

/* Gives the work space back, unless the thread is in a call that needs it. */
static __always_inline void done(struct kw_attempt *a)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (a->record.call == KW_NO_CALL)
		bpf_map_delete_elem(&attempts, &tid);
}

#endif
