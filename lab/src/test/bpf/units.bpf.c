// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Parts of the sensor's programs, each in a program of its own that
 * BPF_PROG_TEST_RUN runs for units.c: files are those of the process that asks.
 */
#include "lanes.h"
#include "module_file.h"
#include "units.h"

static __always_inline struct kw_attempt *work(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&canary, &zero);
}

SEC("syscall")
int suffix(struct kw_unit *u)
{
	struct file *file = file_of(u->fd);

	u->result = file ? (__s64)module_suffix_len(file) : -1;
	return 0;
}

SEC("syscall")
int named(struct kw_unit *u)
{
	struct file *file = file_of(u->fd);
	struct kw_attempt *a = work();

	u->result = file && a ? is_named(file, module_suffix_len(file), &a->record) : -1;
	return 0;
}

SEC("syscall")
int path(struct kw_unit *u)
{
	struct file *file = file_of(u->fd);
	struct kw_attempt *a = work();

	if (!file || !a) {
		u->result = -1;
		return 0;
	}
	a->record.data_len = 0;
	describe_file(&a->record, &a->file, file);
	u->result = a->file.path.len;
	u->flags = a->file.flags;
	return 0;
}

SEC("syscall")
int bucket(struct kw_unit *u)
{
	__u64 full = u->full;

	u->result = take_from(&full, u->now, u->tokens, u->token_ns);
	u->full = full;
	return 0;
}

SEC("syscall")
int token(struct kw_unit *u)
{
	struct kw_attempt *a = work();

	if (!a)
		return 0;
	a->record.uid = u->uid;
	u->result = take_token(&a->record);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
