// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Every attempt and its result: fentry and fexit on the three system calls, by
 * each table that the machine has (from Linux 5.10 on x86, 6.4 on arm64).
 *
 * The entry reads the arguments before the kernel uses them. The return adds
 * the result and sends the record. If a string's page is not there yet, the
 * entry cannot read it, because these programs must not sleep. It is read again
 * at each later hook of the attempt, and at the return. Some kernels let a
 * program sleep at the entry (Debian's from 7.1 on). There a further program
 * pages in the string, so that another program can read it.
 *
 * A preemptible kernel (PREEMPT_RT, preempt=full) skips a program if another
 * task runs it on the same CPU (recursion_misses). There each entry and each
 * return has two programs. The first program that runs does the work. The
 * kernel chooses the order (the last attached is first, up to 6.17). Only one
 * of the two counts an event without a work space, because otherwise it would
 * be counted twice.
 */
#include "lanes.h"
#include "images.h"
#include "loaded.h"
#include "module_file.h"

/* The call and its table in one word: a subprogram of BPF takes five arguments
 * at most. */
#define KW_BY_COMPAT 0x100
#define KW_UNCOUNTED 0x200
#define KW_FROM_KERNEL 0x400	/* called by other code than the kernel's entry */
#define KW_CALL_MASK 0xff

/* Returns whether this is the canary, a call of the agent itself. */
static __noinline bool is_canary(__u32 how, __u64 fd)
{
	__u32 zero = 0;
	struct kw_control *c = bpf_map_lookup_elem(&control, &zero);

	return c && c->canary_pid && (how & KW_CALL_MASK) == KW_FINIT_MODULE &&
	       (__s32)fd == -1 && bpf_get_current_pid_tgid() >> 32 == c->canary_pid;
}

/* Returns KW_FROM_KERNEL if a call's registers are not those with which the
 * thread entered the kernel. Before Linux 5.15 this cannot be detected. */
static __always_inline __u32 caller_of(const void *regs)
{
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return 0;
	return (void *)bpf_task_pt_regs((void *)bpf_get_current_task_btf()) == regs ?
		       0 : KW_FROM_KERNEL;
}

static __always_inline bool is_of(const struct kw_attempt *a, __u32 how, __u64 a0, __u64 a1, __u64 a2)
{
	return a->record.call == (how & KW_CALL_MASK) && a->record.args[0] == a0 &&
	       a->record.args[1] == a1 && a->record.args[2] == a2;
}

static __noinline int enter(__u32 how, __u64 a0, __u64 a1, __u64 a2)
{
	struct kw_attempt *a = current_attempt();
	__u32 call = how & KW_CALL_MASK;
	struct kw_record *r;
	__u32 depth = 0;

	if (is_canary(how, a0))
		return 0;	/* reported at its return, without an attempt */
	/* The entry's other program has done it. */
	if (constants.programs_twice && a && is_of(a, how, a0, a1, a2))
		return 0;
	if (a && (how & KW_FROM_KERNEL) && put_aside(a))
		depth = a->depth + 1;
	a = new_attempt();
	if (!a) {
		note_crowded_out();
		return 0;	/* the return counts the loss */
	}
	a->depth = depth;
	r = &a->record;
	if (depth)
		r->flags |= KW_NESTED;
	r->call = call;
	if (how & KW_BY_COMPAT)
		r->flags |= KW_COMPAT;
	r->call_time_ns = bpf_ktime_get_boot_ns();
	r->args[0] = a0;
	r->args[1] = a1;
	r->args[2] = a2;
	read_params(a);
	if (call == KW_FINIT_MODULE) {
		struct file *file = file_of(a0);

		if (file)
			describe_file(r, &a->file, file);
	} else if (call == KW_INIT_MODULE && !depth) {
		/* The open files of the process belong to the outer call. */
		find_module_file(a);
	}
	return 0;
}

/* Sends the canary by every ring, regardless of their fill level. No account
 * includes it. */
static __noinline int send_canary(__u64 flags)
{
	__u32 zero = 0;
	struct kw_attempt *a = bpf_map_lookup_elem(&canary, &zero);
	struct kw_record *r;

	if (!a)
		return 0;
	r = &a->record;
	r->kind = KW_CANARY;
	r->host_tid = (__u32)bpf_get_current_pid_tgid();
	r->args[2] = flags;
	r->time_ns = bpf_ktime_get_boot_ns();
	r->cpu = bpf_get_smp_processor_id();
	bpf_ringbuf_output(&ring_attempts, r, length_of(r), 0);
	bpf_ringbuf_output(&ring_loads, r, length_of(r), 0);
	send_empty_chunk(a, KW_NO_IMAGE);
	return 0;
}

static __noinline int leave(__u32 how, __u64 a0, __u64 a1, __u64 a2, __s64 ret)
{
	struct kw_attempt *a = attempt_of_thread();
	struct kw_record *r;

	if (is_canary(how, a0)) {
		send_canary(a2);
		return 0;
	}
	if (a && a->depth && !(how & KW_FROM_KERNEL)) {
		/* The return of the inner call was missed. */
		bring_back(1);
		a = attempt_of_thread();
	}
	if (a && a->returned) {
		done(a);
		return 0;
	}
	/* The return's other program has reported it, and restored this
	 * attempt. */
	if (constants.programs_twice && a && (how & KW_FROM_KERNEL) && !is_of(a, how, a0, a1, a2))
		return 0;
	if (!a || a->record.call != (how & KW_CALL_MASK) ||
	    (a->reconstructed && (a->record.args[0] != a0 || a->record.args[1] != a1))) {
		enter(how, a0, a1, a2);
		a = current_attempt();
		if (!a) {
			/* Otherwise the thread's next call would count as
			 * crowded out. */
			forget_crowded_out();
			if (!(how & KW_UNCOUNTED))
				count(KW_NO_WORK_SPACE);
			return 0;
		}
		a->record.flags |= KW_ENTRY_MISSED;
		a->file.flags |= KW_FILE_LATE;
		if (was_crowded_out())
			a->record.flags |= KW_CROWDED_OUT;
	}
	r = &a->record;
	call_returned(a);
	send_images(a);
	read_params(a);
	send_plain(a, KW_CALL_RETURN, 0, 0, ret);
	if (r->flags & KW_CROWDED_OUT)
		forget_crowded_out();
	if (a->depth) {
		bring_back(a->depth);
		return 0;
	}
	r->call = KW_NO_CALL;
	if (!constants.programs_twice) {
		done(a);
		return 0;
	}
	/* The entry stays, so that the other program finds the work done. If
	 * that program is skipped, the entry stays until the thread uses it
	 * again, or is dead. */
	a->returned = 1;
	return 0;
}

#ifndef KW_NO_PROBE_READ

/* The bytes that are paged in at a time. They divide the size of a page, so
 * that no part is on two pages. */
#define KW_PIECE 256

/* KW_APPEND_MAX bytes, at any offset within a part. */
#define KW_PIECES (KW_APPEND_MAX / KW_PIECE + 1)

/* Pages in the string that a call takes, as far as it is read. Touches no page
 * behind its end, because such a page may take long. */
static __noinline int bring_in(__u64 from)
{
	char piece[KW_PIECE] = {};
	__u64 len;
	int i;

	for (i = 0; i < KW_PIECES && from; i++) {
		len = KW_PIECE - (from & (KW_PIECE - 1));
		asm volatile("" : "+r"(len));
		if (len < 1 || len > KW_PIECE)
			return 0;
		if (bpf_copy_from_user(piece, len, (const void *)from))
			return 0;
		if (!piece[len - 1])
			return 0;
		if (bpf_probe_read_user_str(piece, len, (const void *)from) != (long)len)
			return 0;
		from += len;
	}
	return 0;
}

#define KW_STRING_OF_init_module(A0, A1, A2) A2
#define KW_STRING_OF_finit_module(A0, A1, A2) A1
#define KW_STRING_OF_delete_module(A0, A1, A2) A0

/* The first program of the entry: a kernel that accepts it runs them in
 * order. */
#define KW_HOOK_SLEEPING(stub, prefix, name, regs_type, A0, A1, A2)			\
	SEC("fentry.s/" #stub #name)							\
	int BPF_PROG(prefix##_##name##_bring_in, regs_type *regs)			\
	{										\
		return bring_in(KW_STRING_OF_##name(A0, A1, A2));			\
	}

#else

#define KW_HOOK_SLEEPING(stub, prefix, name, regs_type, A0, A1, A2)

#endif

#define KW_HOOK_CALL(stub, prefix, name, how, regs_type, A0, A1, A2)			\
	KW_HOOK_SLEEPING(stub, prefix, name, regs_type, A0, A1, A2)			\
	SEC("fentry/" #stub #name)							\
	int BPF_PROG(prefix##_##name##_enter, regs_type *regs)				\
	{										\
		return enter((how) | caller_of(regs), A0, A1, A2);			\
	}										\
	SEC("fentry/" #stub #name)							\
	int BPF_PROG(prefix##_##name##_enter_again, regs_type *regs)			\
	{										\
		return enter((how) | caller_of(regs), A0, A1, A2);			\
	}										\
	SEC("fexit/" #stub #name)							\
	int BPF_PROG(prefix##_##name##_return, regs_type *regs, long ret)		\
	{										\
		return leave((how) | caller_of(regs), A0, A1, A2, ret);			\
	}										\
	SEC("fexit/" #stub #name)							\
	int BPF_PROG(prefix##_##name##_return_again, regs_type *regs, long ret)	\
	{										\
		return leave((how) | KW_UNCOUNTED | caller_of(regs), A0, A1, A2, ret);	\
	}

#define KW_HOOK_TABLE(stub, prefix, compat, regs_type, A0, A1, A2)			\
	KW_HOOK_CALL(stub, prefix, init_module, KW_INIT_MODULE | compat,		\
		     regs_type, A0, A1, A2)						\
	KW_HOOK_CALL(stub, prefix, finit_module, KW_FINIT_MODULE | compat,		\
		     regs_type, A0, A1, A2)						\
	KW_HOOK_CALL(stub, prefix, delete_module, KW_DELETE_MODULE | compat,		\
		     regs_type, A0, A1, A2)

KW_HOOK_TABLE(__x64_sys_, x64, 0, struct pt_regs___x86, regs->di, regs->si, regs->dx)

/* i386's table: 32-bit processes, and int $0x80 from 64-bit processes. The
 * kernel uses the lower halves of their registers. */
KW_HOOK_TABLE(__ia32_sys_, ia32, KW_BY_COMPAT, struct pt_regs___x86,
	      (__u32)regs->bx, (__u32)regs->cx, (__u32)regs->dx)

/* Serves both 64-bit and 32-bit processes. */
KW_HOOK_TABLE(__arm64_sys_, arm64, 0, struct pt_regs___arm64,
	      regs->regs[0], regs->regs[1], regs->regs[2])
