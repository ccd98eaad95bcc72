/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Strings and paths in a record. Not a hook itself. */
#ifndef KMODWATCH_FILES_H
#define KMODWATCH_FILES_H

#include "kernel.h"
#include "reads.h"
#include "record.h"
#include <bpf/bpf_tracing.h>

#define KW_PATH_PARTS 2048		/* PATH_MAX / 2 */
#define KW_PATH_PARTS_UNROLLED 32
#define KW_NAME_MAX 256

/* MNT_NS_ANON_INO of include/uapi/linux/nsfs.h, from 6.18 on. It is 0
 * before. */
#define KW_ANONYMOUS_MNT_NS 0xeffffff7U

#define container_of_core(ptr, type, member) \
	((type *)((unsigned long)(ptr) - bpf_core_field_offset(type, member)))

/* Returns the start of the next string; more than KW_DATA_MAX if there is no
 * room. It is 64 bits wide and opaque to the compiler. So the compared value is
 * the same value that the verifier sees in use. */
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
	__u64 off;

	if (!from)
		return false;
	off = end_of(r);
	if (off > KW_DATA_MAX)
		return false;
	return appended(r, span, off,
			bpf_probe_read_kernel_str(&r->data[off], KW_APPEND_MAX, from));
}

/* Reads an alias. The kernel requests no module with a longer name
 * (__request_module()). */
static __always_inline void read_alias(struct kw_record *r, const char *alias)
{
	if (bpf_probe_read_kernel_str(r->alias, sizeof(r->alias), alias) < 0)
		r->alias[0] = 0;
}

static __always_inline bool append_user(struct kw_record *r, struct kw_span *span, __u64 from)
{
	__u64 off = end_of(r);
	long n;

	if (off > KW_DATA_MAX || !from)
		return false;
	n = bpf_probe_read_user_str(&r->data[off], KW_APPEND_MAX, (const void *)from);
	/* For an empty string, strncpy_from_user_nofault() does not count the
	 * NUL. For any other string it does. */
	if (n == 0) {
		*span = (struct kw_span){};
		return true;
	}
	return appended(r, span, off, n);
}

/* A file. Its path is in the record's data. */
struct kw_file {
	__u64 address;		/* the address of its struct file */
	__u64 ino;
	__u64 ctime_ns;
	__u32 dev;
	__u32 mode;
	__u32 flags;		/* a part of KW_FILE_FLAGS */
	struct kw_span path;
};

/* Returns the string that begins at start and ends the record's data. */
static __always_inline struct kw_span last_string(const struct kw_record *r, __u32 start)
{
	return (struct kw_span){ .off = start, .len = r->data_len - start };
}

/* The part of a too long path that stays. */
enum kw_keep {
	KW_KEEP_END = 0,	/* the names that were appended first */
	KW_KEEP_BOTH_ENDS = 1,	/* and also the names next to the root: KW_PATH_MAX is the bound */
};

/* The sizes of the end and of the beginning of a path that keeps both ends. */
#define KW_PATH_HEAD (KW_PATH_MAX / 2)
#define KW_PATH_TAIL (KW_PATH_MAX / 2 - KW_NAME_MAX)

/* Makes room for one more name behind off, in a path that begins at start and
 * has no more room. Removes the middle, and puts the name "…" instead. Returns
 * the place of the next name, or more than there is room for. */
static __always_inline __u64 leave_out_middle(struct kw_record *r, __u64 start, __u64 off)
{
	asm volatile("" : "+r"(start), "+r"(off));
	if (start > KW_DATA_MAX || off < KW_PATH_TAIL || off > KW_DATA_MAX + KW_APPEND_MAX)
		return KW_DATA_MAX + KW_APPEND_MAX;
	bpf_probe_read_kernel(&r->data[start + KW_PATH_HEAD], KW_PATH_TAIL,
			      &r->data[off - KW_PATH_TAIL]);
	r->data[start + KW_PATH_HEAD - 5] = 0;
	r->data[start + KW_PATH_HEAD - 4] = 0xe2;
	r->data[start + KW_PATH_HEAD - 3] = 0x80;
	r->data[start + KW_PATH_HEAD - 2] = 0xa6;
	r->data[start + KW_PATH_HEAD - 1] = 0;
	return start + KW_PATH_HEAD + KW_PATH_TAIL;
}

#ifdef KW_NO_PROBE_READ
#include "names.h"
#else

/* A walk from a file up to the root of its mount namespace. */
struct kw_walk {
	struct kw_record *record;
	struct dentry *dentry;
	struct mount *mnt;
	__u32 flags;
	__u32 keep;
	__u64 start;
	__u64 max;	/* the size of the names in bytes */
};

/* Returns whether a top mount is detached: no name leads to it. It is in no
 * mount namespace, or in one that no process can be in. The mount of fsmount(2)
 * is in such a namespace until it is mounted. */
static __always_inline bool is_detached(struct mount *top)
{
	__u32 inum = BPF_CORE_READ(top, mnt_ns, ns.inum);

	return !inum || inum == KW_ANONYMOUS_MNT_NS;
}

/* Does one step of the walk: appends one name, or crosses one mount point.
 * Returns 1 when the walk is over. */
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
	if (off + KW_NAME_MAX > w->start + w->max) {
		if (w->keep != KW_KEEP_BOTH_ENDS)
			return 1;
		off = leave_out_middle(r, w->start, off);
		asm volatile("" : "+r"(off));
		if (off > KW_DATA_MAX + KW_APPEND_MAX - KW_NAME_MAX)
			return 1;
		/* The root adds no name, so set the length here. */
		r->data_len = off;
		w->flags |= KW_PATH_GAP;
	}
	asm volatile("" : "+r"(off));
	if (off > KW_DATA_MAX + KW_APPEND_MAX - KW_NAME_MAX)
		return 1;
	n = bpf_probe_read_kernel_str(&r->data[off], KW_NAME_MAX, BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0)
		return 1;
	if (dentry == parent) {
		/* The root, "/". Or a file without a tree, such as a memfd: its
		 * name is the whole path and leads nowhere. */
		if (r->data[off] != '/') {
			r->data_len = off + n;
			w->flags |= KW_FILE_DELETED | KW_FILE_NO_TREE;
		} else if (is_detached(mnt)) {
			w->flags |= KW_FILE_DELETED;
		}
		w->flags &= ~KW_PATH_CUT;
		return 1;
	}
	r->data_len = off + n;
	w->dentry = parent;
	return 0;
}

/* Appends the names from the task's file up to the root of the task's mount
 * namespace, in max bytes at most. Returns the flags of the path. */
static __noinline __u32 append_path(struct kw_record *r, struct file *file, struct task_struct *task,
				    __u32 max, enum kw_keep keep)
{
	struct vfsmount *vfsmount = BPF_CORE_READ(file, f_path.mnt);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct kw_walk w = {
		.record = r,
		.dentry = dentry,
		.mnt = container_of_core(vfsmount, struct mount, mnt),
		.flags = KW_PATH_CUT,
		.keep = keep,
		.start = end_of(r),
		.max = max,
	};
	int i;

	if (w.start > KW_DATA_MAX)
		return 0;

	/* d_unlinked(): in no hash chain, and not a root, which is never in
	 * one. */
	if (!BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry)
		w.flags |= KW_FILE_DELETED;
	/* bpf_loop() (5.17) is verified once. A plain loop is verified once a
	 * turn, which costs a tenth of a second of start-up for each ten
	 * turns. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(KW_PATH_PARTS, walk_step, &w, 0);
	} else {
		for (i = 0; i < KW_PATH_PARTS_UNROLLED; i++) {
			if (walk_step(i, &w))
				break;
		}
	}
	return w.flags;
}

#endif

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

#define KW_FILE_FLAGS (KW_FILE_KNOWN | KW_FILE_DELETED | KW_FILE_NO_TREE | KW_PATH_CUT | \
		       KW_PATH_GAP | KW_FILE_LATE | KW_OTHER_FILE)

/* Describes a file, and appends its path to the record's data. */
static __noinline void describe_file(struct kw_record *r, struct kw_file *f, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 start = r->data_len;

	f->address = (__u64)file;
	f->flags = append_path(r, file, task, KW_PATH_MAX, KW_KEEP_BOTH_ENDS) | KW_FILE_KNOWN;
	f->path = last_string(r, start);
	f->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	f->ino = BPF_CORE_READ(inode, i_ino);
	f->mode = BPF_CORE_READ(inode, i_mode);
	f->ctime_ns = inode_ctime_ns(inode);
}

#ifndef KW_NO_PROBE_READ

/* Reads the end of a name: 7 bytes. Returns false if it cannot be read. */
static __always_inline bool name_end_of(struct dentry *dentry, char *end)
{
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	__u32 len = BPF_CORE_READ(dentry, d_name.len);

	return !bpf_probe_read_kernel(end, 7, name + len - 7);
}

/* Returns how many descriptors the current thread has room for. */
static __always_inline __u32 file_count(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, files, fdt, max_fds);
}

/* Returns the file behind a descriptor of the current thread, or NULL. */
static __always_inline struct file *file_of(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return file;
}

#endif

#endif
