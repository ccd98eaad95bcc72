/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Files and paths where neither strings nor the target of a pointer to a
 * pointer can be read. It reads names that are short enough for the kernel to
 * keep them in the dentry. It reads the first descriptors of a process that
 * never had many. Not a hook itself. It is used only with KW_NO_PROBE_READ.
 *
 * The walk ends at the root of the mount that contains the file, because no
 * typed pointer leads further. If that is the task's root directory, the path
 * is whole.
 */
#ifndef KMODWATCH_NAMES_H
#define KMODWATCH_NAMES_H

#include "files.h"

#define KW_SHORT_NAME 32
#define KW_SHORT_NAME_PARTS 64

struct kw_walk {
	struct kw_record *record;
	struct dentry *dentry;
	struct dentry *root;
};

static __always_inline const unsigned char *short_name_of(struct dentry *dentry)
{
	struct dentry___v6_14 *newer = (void *)dentry;

	if (bpf_core_field_exists(newer->d_shortname))
		return newer->d_shortname.string;
	return dentry->d_iname;
}

/* Returns whether the kernel has the name within the dentry. */
static __always_inline bool has_short_name(struct dentry *dentry)
{
	return dentry->d_name.len < KW_SHORT_NAME &&
	       dentry->d_name.name == short_name_of(dentry);
}

/* Appends a name with its NUL. Returns its length without the NUL, or -1. */
static __always_inline long append_name(struct kw_record *r, struct dentry *dentry)
{
	const unsigned char *name = short_name_of(dentry);
	__u64 off = end_of(r);
	__u32 len;
	int i;

	if (off > KW_DATA_MAX || !has_short_name(dentry))
		return -1;
	len = dentry->d_name.len & (KW_SHORT_NAME - 1);
#pragma unroll
	for (i = 0; i < KW_SHORT_NAME; i++)
		r->data[off + i] = name[i];
	r->data_len = off + len + 1;
	return len;
}

static long walk_step(__u32 step, struct kw_walk *w)
{
	struct dentry *dentry = w->dentry;

	if (dentry == w->root || append_name(w->record, dentry) < 0)
		return 1;
	w->dentry = dentry->d_parent;
	return 0;
}

/* Appends the names from the file up to the root of its mount. It can only
 * append few and short names. Returns the flags of the path. */
static __noinline __u32 append_path(struct kw_record *r, struct file *file, struct task_struct *task,
				    __u32 max, enum kw_keep keep)
{
	struct dentry *dentry = file->f_path.dentry;
	struct dentry *root = file->f_path.mnt->mnt_root;
	struct kw_walk w = { .record = r, .dentry = dentry, .root = root };
	__u32 flags = 0;

	if (dentry == dentry->d_parent) {
		/* A file without a tree, such as a memfd. */
		append_name(r, dentry);
		flags = KW_FILE_DELETED | KW_FILE_NO_TREE;
	} else {
		if (!dentry->d_hash.pprev)
			flags = KW_FILE_DELETED;
		if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
			bpf_loop(KW_SHORT_NAME_PARTS, walk_step, &w, 0);
		if (w.dentry != root || task->fs->root.mnt != file->f_path.mnt ||
		    task->fs->root.dentry != root)
			flags |= KW_PATH_CUT;
	}
	return flags;
}

/* Reads the end of a name: 7 bytes, or zeros and the whole name if it is
 * shorter. Returns false if it cannot be read. */
static __always_inline bool name_end_of(struct dentry *dentry, char *end)
{
	const unsigned char *name = short_name_of(dentry);
	__u32 len = dentry->d_name.len;
	int i;

	if (!has_short_name(dentry))
		return false;
	/* For each length, the verifier knows the places of the bytes. */
#pragma unroll
	for (i = 1; i < KW_SHORT_NAME; i++) {
		if (len == (__u32)i) {
			if (i < 7)
				__builtin_memcpy(end + 7 - i, name, i);
			else
				__builtin_memcpy(end, name + i - 7, 7);
		}
	}
	return true;
}

/* The first descriptors are in an array of files_struct itself, until a process
 * needs more than the array has room for. */
#define KW_SHORT_FDS 16
#define KW_FILE_OF(i)									\
	case i:										\
		file = files->fd_array[i];						\
		asm volatile("" : "+r"(file));						\
		return file;

/* Returns how many of a process's descriptors can be read. */
static __always_inline __u32 file_count(void)
{
	return KW_SHORT_FDS;
}

/* Returns the file behind a descriptor of the current thread, or NULL. */
static __always_inline struct file *file_of(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct files_struct *files = task->files;
	struct file *file;

	if (files->fdt != &files->fdtab)
		return NULL;
	switch (fd) {
	KW_FILE_OF(0) KW_FILE_OF(1) KW_FILE_OF(2) KW_FILE_OF(3)
	KW_FILE_OF(4) KW_FILE_OF(5) KW_FILE_OF(6) KW_FILE_OF(7)
	KW_FILE_OF(8) KW_FILE_OF(9) KW_FILE_OF(10) KW_FILE_OF(11)
	KW_FILE_OF(12) KW_FILE_OF(13) KW_FILE_OF(14) KW_FILE_OF(15)
	}
	return NULL;
}

#endif
