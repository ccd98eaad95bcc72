/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The kernel's structures, with only the fields that are read here. The offsets
 * come from the running kernel's BTF. A "___suffix" marks a flavour: the same
 * type in another kernel version.
 */
#ifndef KMODWATCH_KERNEL_H
#define KMODWATCH_KERNEL_H

#include <linux/bpf.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
	unsigned int level;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct time_namespace {
	struct ns_common ns;
};

struct user_namespace {
	struct ns_common ns;
};

struct new_utsname {
	char nodename[65];
};

struct uts_namespace {
	struct new_utsname name;
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct pid___v6_5 {		/* with a flexible array */
	unsigned int level;
	struct upid numbers[];
};

typedef struct {
	unsigned int val;
} kuid_t;

/* 64 bits. Before 6.3 two words of 32, which is the same on little-endian. */
typedef struct {
	__u64 val;
} kernel_cap_t;

struct cred {
	kuid_t uid;
	kuid_t euid;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct super_block {
	unsigned int s_dev;
};

struct timespec64 {
	long long tv_sec;
	long tv_nsec;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
	struct timespec64 i_ctime;	/* to 6.5 */
};

struct inode___v6_6 {			/* 6.6 to 6.10 */
	struct timespec64 __i_ctime;
};

struct inode___v6_11 {			/* from 6.11 */
	long long i_ctime_sec;
	unsigned int i_ctime_nsec;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	unsigned char d_iname[32];	/* to 6.13 */
};

union shortname_store {
	unsigned char string[32];
};

struct dentry___v6_14 {
	union shortname_store d_shortname;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
	struct fdtable fdtab;
	struct file *fd_array[64];
};

struct fs_struct {
	struct path root;
};

struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start;
	unsigned long arg_end;
};

struct kernfs_node {
	struct kernfs_node *parent;	/* to 6.14 */
	const char *name;
};

struct kernfs_node___v6_15 {
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

/* The numbers differ between kernels. These numbers are not used. */
enum kernel_read_file_id {
	READING_MODULE = 2,
};

enum kernel_read_file_id___v6_19 {
	READING_MODULE_COMPRESSED = 7,
};

enum kernel_load_data_id {
	LOADING_MODULE = 2,
};

enum cgroup_subsys_id {
	pids_cgrp_id = 1,	/* the number is the running kernel's */
};

struct thread_info {
	__u32 status;		/* x86 */
};

struct task_struct {
	struct thread_info thread_info;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	__u64 start_boottime;
	const struct cred *real_cred;
	const struct cred *cred;
	struct nsproxy *nsproxy;
	struct files_struct *files;
	struct fs_struct *fs;
	struct mm_struct *mm;
	struct css_set *cgroups;
	kuid_t loginuid;
	unsigned int sessionid;
	char comm[16];
};

struct module {
	char name[56];
	const char *version;
	const char *srcversion;
	char *args;
	unsigned long taints;
};

struct module_layout {
	void *base;
	unsigned int size;
};

struct module___v5 {			/* to 6.3 */
	struct module_layout core_layout;
};

struct module_memory {
	void *base;
	unsigned int size;
};

struct module___v6_4 {
	struct module_memory mem[7];	/* by enum mod_mem_type: the first four stay, init has the others */
};

struct load_info {
	void *hdr;
	unsigned long len;
	bool sig_ok;		/* CONFIG_MODULE_SIG */
};

/* Registers of a system call. Only the running machine's flavour exists
 * there. */
struct pt_regs___x86 {
	unsigned long bx;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
};

struct pt_regs___arm64 {
	unsigned long long regs[31];
	__u64 orig_x0;
	__s32 syscallno;
};

#pragma clang attribute pop

#endif
