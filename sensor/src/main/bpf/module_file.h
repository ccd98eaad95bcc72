/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Finds which of a process's open files contains the module that the process
 * loads from memory. Not a hook itself.
 */
#ifndef KMODWATCH_MODULE_FILE_H
#define KMODWATCH_MODULE_FILE_H

#include "attempt.h"

/* The number of descriptors to check, from the highest on. */
#define KW_FDS 4096

/* Returns the length of the end of a module file's name, from the dot in .ko
 * on: *.ko, *.ko.xz, *.ko.gz, *.ko.zst. Returns 0 if it is not a module file's
 * name. */
static __always_inline __u32 module_suffix_len(struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	char end[8] = {};

	if (BPF_CORE_READ(dentry, d_name.len) < 4)
		return 0;
	if (!name_end_of(dentry, end))
		return KW_UNREAD_NAME_MATCHES;
	if (end[4] == '.' && end[5] == 'k' && end[6] == 'o')
		return 3;
	if (end[1] == '.' && end[2] == 'k' && end[3] == 'o' && end[4] == '.' &&
	    ((end[5] == 'x' && end[6] == 'z') || (end[5] == 'g' && end[6] == 'z')))
		return 6;
	if (end[0] == '.' && end[1] == 'k' && end[2] == 'o' && end[3] == '.' &&
	    end[4] == 'z' && end[5] == 's' && end[6] == 't')
		return 7;
	return 0;
}

#ifndef KW_NO_PROBE_READ

/* Replaces each '-' by '_' in eight bytes. The two are equal in names of
 * modules. (x & 0x7f) + 0x7f has its upper bit set unless x & 0x7f is 0. */
static __always_inline __u64 underscored(__u64 word)
{
	const __u64 low = 0x7f7f7f7f7f7f7f7fULL;
	__u64 x = word ^ 0x2d2d2d2d2d2d2d2dULL;
	__u64 dashes = ~(((x & low) + low) | x | low);

	return word ^ (dashes >> 7) * ('-' ^ '_');
}

/* Returns whether a module file has the module's name in the record. */
static __always_inline bool is_named(struct file *file, __u32 suffix_len, const struct kw_record *r)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	__u64 len = (__u64)BPF_CORE_READ(dentry, d_name.len) - suffix_len;
	const __u64 *module = (const __u64 *)r->name;
	__u64 name[KW_MODULE_NAME_LEN / 8] = {};
	__u64 differs = 0;
	int i;

	asm volatile("" : "+r"(len));
	if (!len || len >= sizeof(name))
		return false;
	if (bpf_probe_read_kernel(name, len, BPF_CORE_READ(dentry, d_name.name)))
		return false;
#pragma unroll
	for (i = 0; i < KW_MODULE_NAME_LEN / 8; i++)
		differs |= underscored(name[i]) ^ underscored(module[i]);
	return !differs;
}

#else

#define is_named(file, suffix_len, r) true

#endif

/* A search through a thread's open files for the module's file. */
struct kw_fd_search {
	struct kw_attempt *attempt;
	__u32 highest;
};

static long fd_step(__u32 step, struct kw_fd_search *search)
{
	struct kw_attempt *a = search->attempt;
	struct file *file = file_of(search->highest - step);
	__u32 suffix_len;

	if (!file)
		return 0;
	suffix_len = module_suffix_len(file);
	if (!suffix_len || (a->record.name[0] && !is_named(file, suffix_len, &a->record)))
		return 0;
	describe_file(&a->record, &a->file, file);
	return 1;
}

/* Inlined, because a chain of calls may have eight frames, including
 * callbacks. */
static __always_inline int search_files(struct kw_fd_search *search)
{
	__u32 count = file_count();

	if (!count || !bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
		return 0;
	search->highest = count - 1;
	bpf_loop(count < KW_FDS ? count : KW_FDS, fd_step, search, 0);
	return 0;
}

/* Finds the file of a module that is loaded from memory. modprobe decompresses
 * a module itself and passes it in memory, with the file still open. So that
 * file may be the module's file. The files of the module's dependencies are
 * open as well. They were opened before it, so the highest descriptor is the
 * best guess. User space compares the file with the module. */
static __noinline int find_module_file(struct kw_attempt *a)
{
	struct kw_fd_search search = { .attempt = a };

	search_files(&search);
	return 0;
}

#ifndef KW_NO_PROBE_READ

/* Repeats the search once the kernel has the module's name. An open file of
 * that name is a better guess than any other. */
static __noinline int find_named_file(struct kw_attempt *a)
{
	struct kw_fd_search search = { .attempt = a };
	struct file *known = (struct file *)a->file.address;

	if (a->record.call != KW_INIT_MODULE || !known)
		return 0;
	if (!a->record.name[0] || is_named(known, module_suffix_len(known), &a->record))
		return 0;
	search_files(&search);
	return 0;
}

#else

static __always_inline int find_named_file(struct kw_attempt *a)
{
	return 0;
}

#endif

#endif
