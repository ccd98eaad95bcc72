/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The record that the programs send to user space, and at the same time part
 * of the work space of one attempt: who makes it is filled in when the call is
 * entered, and put() adds each event. So every record carries who, which call
 * and which file, even if its sender is gone when user space looks.
 *
 * Java's RecordLayout holds the same offsets; RecordLayoutTest compares them
 * with the BTF of the object file.
 */
#ifndef KMODWATCH_RECORD_H
#define KMODWATCH_RECORD_H

#include <linux/types.h>

#define KW_COMM_LEN 16
#define KW_NODE_LEN 72	/* of 65, so that what is behind it is aligned to 8 */

#define KW_MODULE_NAME_LEN 56

/* Room for strings: each part has a bound, so that none can take the room of
 * another. One append takes at most KW_APPEND_MAX bytes, and starts only up to
 * KW_DATA_MAX: that is all the verifier needs to know. */
#define KW_APPEND_MAX 4096		/* params, and what is sent with one record only */
#define KW_EXE_MAX 4096
#define KW_CGROUP_MAX 4096
#define KW_CMDLINE_MAX 2048
#define KW_ANCESTOR_EXE_MAX 1024
#define KW_PATH_MAX 4096
#define KW_DATA_MAX (KW_EXE_MAX + KW_CGROUP_MAX + KW_CMDLINE_MAX +		\
		     KW_ANCESTORS * KW_ANCESTOR_EXE_MAX + KW_APPEND_MAX + KW_PATH_MAX)

/* What happened. */
enum kw_kind {
	KW_CALL_RETURN = 1,
	KW_READ_FILE = 2,
	KW_POST_READ_FILE = 3,
	KW_LOAD_DATA = 4,
	KW_POST_LOAD_DATA = 5,
	KW_SECURITY_MODULE_REQUEST = 6,
	KW_MODULE_REQUEST = 7,
	KW_MODULE_COMING = 8,
	KW_MODULE_LOAD = 9,
	KW_MODULE_INIT = 10,
	KW_MODULE_FREE = 11,
	KW_IMAGE = 12,			/* after the last chunk of an attempt's image */
	KW_CANARY = 13,			/* the agent's own harmless call, by each lane */
};

/* The system call that the thread is in. */
enum kw_call {
	KW_NO_CALL = 0,
	KW_INIT_MODULE = 1,
	KW_FINIT_MODULE = 2,
	KW_DELETE_MODULE = 3,
	KW_NO_CALL_BUT_REQUEST = 4,	/* in kw_held_key alone: of requests for modules */
};

enum kw_flag {
	KW_COMPAT = 1 << 0,		/* came by the 32-bit table */
	KW_FILE_KNOWN = 1 << 1,		/* dev, ino, ctime_ns are the file's */
	KW_FILE_DELETED = 1 << 2,	/* no name leads to the file any more */
	KW_PATH_CUT = 1 << 3,		/* the path has more parts than fit */
	KW_PARAMS_KNOWN = 1 << 4,	/* params was read from user memory */
	KW_ENTRY_MISSED = 1 << 5,	/* first seen at the return of the call */
	KW_ARGS_CUT = 1 << 6,		/* the command line is longer than args */
	KW_SIG_CHECKED = 1 << 7,	/* the kernel has looked at the signature */
	KW_SIG_OK = 1 << 8,		/* and it is good */
	KW_AUDIT_KNOWN = 1 << 9,	/* loginuid and sessionid are the kernel's */
	KW_OTHER_FILE = 1 << 10,	/* the file is not what the module is from */
	KW_NO_STRINGS = 1 << 11,	/* the kernel lets nobody read what a char pointer leads to */
	KW_CROWDED_OUT = 1 << 12,	/* no work space was free when the call was entered */
	KW_FILE_NO_TREE = 1 << 13,	/* the file has no place in a tree of names, as a pipe has none */
	KW_EXE_CUT = 1 << 14,		/* exe is but the end of the path */
	KW_PATH_GAP = 1 << 15,		/* names in the middle of the path are left out */
	KW_CGROUP_CUT = 1 << 16,	/* and of the cgroup's; if that is empty, its root was not reached */
	KW_FILE_LATE = 1 << 17,		/* the file was looked for after it was read: it may be another */
	KW_NESTED = 1 << 18,		/* the call is made within another one of the same thread */
};

/* A string in data; len counts no final NUL. A path is a list of names, each
 * with its NUL, from the file up to the root. */
struct kw_span {
	__u16 off;
	__u16 len;
};

#define KW_ANCESTORS 8

struct kw_ancestor {
	__u64 start_time_ns;
	__u32 host_pid;			/* 0: no more ancestors */
	struct kw_span exe;
	char comm[KW_COMM_LEN];
	__u32 exe_cut;			/* exe is but the end of the path */
	__u32 reserved;
};

struct kw_record {
	__u64 time_ns;			/* CLOCK_BOOTTIME, as all times here */
	__u64 call_time_ns;		/* when the call was entered */
	__u64 start_time_ns;		/* when the thread started */
	__u64 leader_start_time_ns;
	__u64 parent_start_time_ns;
	__u64 cgroup_id;
	__u64 args[3];			/* of the call, as in registers */
	__s64 ret;			/* of the call or hook */
	__u64 ino;
	__u64 ctime_ns;			/* since the epoch */
	__u64 value;			/* size, ip or taints, by kind */
	__u64 cap_effective;
	__u64 seq;			/* records sent by this lane on this CPU */
	enum kw_kind kind;
	enum kw_call call;
	enum kw_flag flags;
	__u32 id;			/* read_file_id, load_data_id, wait, by kind */
	__u32 dev;
	__u32 mode;			/* i_mode of the file */
	__u32 cpu;
	__u32 host_pid;
	__u32 host_tid;
	__u32 host_ppid;
	__u32 pid;
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	__u32 euid;
	__u32 loginuid;
	__u32 sessionid;
	__s32 sig_ret;			/* what the signature check came to */
	__u32 cgroup_ns;
	__u32 ipc_ns;
	__u32 mnt_ns;
	__u32 net_ns;
	__u32 pid_ns;
	__u32 timens;
	__u32 user_ns;
	__u32 uts_ns;
	char comm[KW_COMM_LEN];
	char node[KW_NODE_LEN];
	char name[KW_MODULE_NAME_LEN];	/* of the module */
	char alias[KW_MODULE_NAME_LEN];	/* of the module that the kernel is asked for */
	struct kw_ancestor ancestors[KW_ANCESTORS];
	struct kw_span exe;
	struct kw_span cgroup;		/* a path, as those of files */
	struct kw_span cmdline;		/* arguments, each with its NUL */
	struct kw_span params;		/* or the name given to delete_module */
	struct kw_span path;
	struct kw_span version;
	struct kw_span srcversion;	/* or the description of post_load_data */
	__u32 data_len;
	char data[KW_DATA_MAX + KW_APPEND_MAX];
};

/* Which bytes of a module. */
enum kw_image_kind {
	KW_HANDED_OVER = 0,	/* what the caller gave */
	KW_DECOMPRESSED = 1,	/* what the kernel made of that, and loads */
	KW_IMAGE_KINDS = 2,
	KW_NO_IMAGE = 3,	/* a canary, with its flags for an offset */
	KW_FORGET_IMAGES = 4,	/* no record will tell of the attempt's images */
};

/* Room in a chunk: the smaller for what is left at the end of an image. */
#define KW_CHUNK_BYTES (32 << 10)
#define KW_CHUNK_BYTES_SMALL (4 << 10)

/* A piece of a module's image, in a ring buffer of its own, or in a second one
 * if that has no room. Each piece is sent once, and all but the last are of
 * KW_CHUNK_BYTES; if one finds no room, none that is behind it is sent. */
struct kw_chunk {
	__u64 call_time_ns;	/* with host_tid: of which attempt */
	__u64 size;		/* of the whole image */
	__u64 offset;		/* in the image */
	__u32 host_tid;
	__u32 len;		/* of data; what is behind it is anything */
	enum kw_image_kind kind;
	__u32 reserved;
	char data[];
};

/* The lanes of records, each with a ring buffer of its own. Images have a third. */
enum kw_lane {
	KW_LANE_ATTEMPTS = 0,	/* behind a rate limit for each user and cgroup */
	KW_LANE_LOADS = 1,	/* what the kernel accepted */
	KW_LANES = 2,
};

/* Indices into the counters map, one set per CPU. */
enum kw_counter {
	KW_ATTEMPTS_SENT = 0,		/* records for which room was asked in the lane */
	KW_ATTEMPTS_RING_FULL = 1,	/* and found none */
	KW_ATTEMPTS_HELD = 2,		/* held back, and not sent with a load since */
	KW_ATTEMPTS_RECOVERED = 3,	/* found no room, and were sent with a load since */
	KW_LOADS_SENT = 4,
	KW_LOADS_RING_FULL = 5,
	KW_NO_WORK_SPACE = 6,		/* records that there was no work space for */
	KW_IMAGES_SEEN = 7,		/* images that were to be sent, of both kinds */
	KW_IMAGES_CUT = 8,		/* of which not every byte was */
	KW_HELD_UNLISTED = 9,		/* calls held back that found no room in the list */
	KW_ENTRIES_CROWDED_OUT = 10,	/* calls that found no work space at their entry */
	KW_COUNTERS = 11,
};

/* In kw_held_key: many users and cgroups, listed as one. */
#define KW_ALL_USERS 0xffffffffU

/* What was held back, by who did what with which result. */
struct kw_held_key {
	__u64 cgroup_id;
	__s64 ret;
	__u32 uid;
	enum kw_call call;		/* none: a file read */
};

struct kw_held {
	__u64 count;
	__u64 first_ns;			/* CLOCK_BOOTTIME */
	__u64 last_ns;
	__u32 host_pid;			/* of the last */
	__u32 no_room;			/* how many for want of room, not of tokens */
	char comm[KW_COMM_LEN];		/* of the last */
};

#define KW_CLOCK_SETTINGS 8

/* How the clock was set, and from when on: what turns a time of ours into one of the day. */
struct kw_clock_setting {
	__u64 from_ns;			/* CLOCK_BOOTTIME */
	__s64 boot_to_epoch_ns;		/* 0: there is no such setting */
};

/* How far the call is that brought a module in. */
enum kw_progress {
	KW_IN_CALL = 0,
	KW_RETURNED = 1,
	KW_NO_RETURN = 2,		/* the entry was not seen, so the return may not be either */
	KW_GONE = 3,			/* not a module: one that went, and was there before the programs */
};

/* A module that came in since the programs are on their hooks, by the address
 * of its struct module. The addresses are for the agent alone. */
struct kw_module {
	__u64 loaded_ns;		/* CLOCK_BOOTTIME, of module_load */
	__u64 call_time_ns;		/* with host_tid: of which attempt; 0 if none was seen */
	__u64 base;			/* the address in /proc/modules; 0 if there is none */
	__u64 taints;
	enum kw_progress progress;
	__u32 size;			/* in memory, without what goes after init */
	__u32 host_tid;
	__u32 reserved;
	char name[KW_MODULE_NAME_LEN];
};

/* Of the list of modules. */
struct kw_module_changes {
	__u64 changes;			/* modules that came in or went; added to once the list says so */
	__u64 unlisted;			/* that found no room in it */
};

/* What user space tells the programs. */
struct kw_control {
	__u32 period;			/* the lower bit: which list of what is held back is written */
	__u32 canary_pid;		/* whose finit_module(-1, …) is a canary; 0: nobody's */
	/* User space's own, for the process that comes after it. */
	struct kw_clock_setting clock[KW_CLOCK_SETTINGS];	/* keeps times and ids the same */
	__u64 received[KW_LANES];	/* records that it has done with */
};

/* What user space has pinned, for the process that comes after it. */
#define KW_PINNED_BYTES (64 << 10)

struct kw_pinned {
	char text[KW_PINNED_BYTES];
	__u64 end;			/* 0; says in the BTF how long text is */
};

/* What user space tells the programs before they are loaded. */
struct kw_constants {
	__u64 image_bytes_max;		/* up to which size images are sent; 0: not even told of */
	__u64 programs_twice;		/* whether each entry and return of a call has both its programs */
};

#endif
