/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The record that the programs send to user space. It is also part of the work
 * space of one attempt. The task is filled in when the call is entered, and
 * put() adds each event. So every record has the task, the call and the file,
 * even if its sender is gone when user space reads it.
 *
 * Java's RecordLayout has the same offsets. RecordLayoutTest compares them with
 * the BTF of the object file.
 */
#ifndef KMODWATCH_RECORD_H
#define KMODWATCH_RECORD_H

#include <linux/types.h>

#define KW_COMM_LEN 16
#define KW_NODE_LEN 72	/* 65 bytes used; padded so that the next field is aligned to 8 */

#define KW_MODULE_NAME_LEN 56

/* Room for strings. Each part has a bound, so that no part can take the room of
 * another. One append takes at most KW_APPEND_MAX bytes, and starts only up to
 * KW_DATA_MAX. The verifier needs no other bound. */
#define KW_APPEND_MAX 4096		/* params, and strings of one record only */
#define KW_EXE_MAX 4096
#define KW_CGROUP_MAX 4096
#define KW_CMDLINE_MAX 2048
#define KW_ANCESTOR_EXE_MAX 1024
#define KW_PATH_MAX 4096
#define KW_DATA_MAX (KW_EXE_MAX + KW_CGROUP_MAX + KW_CMDLINE_MAX +		\
		     KW_ANCESTORS * KW_ANCESTOR_EXE_MAX + KW_APPEND_MAX + KW_PATH_MAX)

/* The kind of event. */
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
	KW_NO_CALL_BUT_REQUEST = 4,	/* only in kw_held_key: requests for modules */
};

enum kw_flag {
	KW_COMPAT = 1 << 0,		/* the call came by the 32-bit table */
	KW_FILE_KNOWN = 1 << 1,		/* dev, ino, ctime_ns are the file's */
	KW_FILE_DELETED = 1 << 2,	/* no name leads to the file any more */
	KW_PATH_CUT = 1 << 3,		/* the path has more parts than fit in */
	KW_PARAMS_KNOWN = 1 << 4,	/* params was read from user memory */
	KW_ENTRY_MISSED = 1 << 5,	/* first seen at the return of the call */
	KW_ARGS_CUT = 1 << 6,		/* the command line is longer than args */
	KW_SIG_CHECKED = 1 << 7,	/* the kernel has checked the signature */
	KW_SIG_OK = 1 << 8,		/* and it is good */
	KW_AUDIT_KNOWN = 1 << 9,	/* loginuid and sessionid are the kernel's */
	KW_OTHER_FILE = 1 << 10,	/* the file is not the module's file */
	KW_NO_STRINGS = 1 << 11,	/* programs cannot read the target of a char pointer */
	KW_CROWDED_OUT = 1 << 12,	/* no work space was free when the call was entered */
	KW_FILE_NO_TREE = 1 << 13,	/* the file is in no tree of names, for example a pipe */
	KW_EXE_CUT = 1 << 14,		/* exe is only the end of the path */
	KW_PATH_GAP = 1 << 15,		/* names in the middle of the path are left out */
	KW_CGROUP_CUT = 1 << 16,	/* the cgroup's path lacks names, or is empty: its root was not reached */
	KW_FILE_LATE = 1 << 17,		/* looked for after the read: it may be another file */
	KW_NESTED = 1 << 18,		/* the call is within another call of the same thread */
};

/* A string in data. len does not count a final NUL. A path is a list of names,
 * each with its NUL, from the file up to the root. */
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
	__u32 exe_cut;			/* exe is only the end of the path */
	__u32 reserved;
};

struct kw_record {
	__u64 time_ns;			/* CLOCK_BOOTTIME, like all times here */
	__u64 call_time_ns;		/* when the call was entered */
	__u64 start_time_ns;		/* when the thread started */
	__u64 leader_start_time_ns;
	__u64 parent_start_time_ns;
	__u64 cgroup_id;
	__u64 args[3];			/* the call's arguments, as in registers */
	__s64 ret;			/* the return value of the call or hook */
	__u64 ino;
	__u64 ctime_ns;			/* since the epoch */
	__u64 value;			/* size, ip or taints, depending on kind */
	__u64 cap_effective;
	__u64 seq;			/* records sent by this lane on this CPU */
	enum kw_kind kind;
	enum kw_call call;
	enum kw_flag flags;
	__u32 id;			/* read_file_id, load_data_id or wait, depending on kind */
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
	__s32 sig_ret;			/* result of the signature check */
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
	char name[KW_MODULE_NAME_LEN];	/* the module's name */
	char alias[KW_MODULE_NAME_LEN];	/* the module that is requested from the kernel */
	struct kw_ancestor ancestors[KW_ANCESTORS];
	struct kw_span exe;
	struct kw_span cgroup;		/* a path in the same form as a file's */
	struct kw_span cmdline;		/* arguments, each with its NUL */
	struct kw_span params;		/* or the name passed to delete_module */
	struct kw_span path;
	struct kw_span version;
	struct kw_span srcversion;	/* or the description of post_load_data */
	__u32 data_len;
	char data[KW_DATA_MAX + KW_APPEND_MAX];
};

/* The part of a module's bytes. */
enum kw_image_kind {
	KW_HANDED_OVER = 0,	/* the bytes from the caller */
	KW_DECOMPRESSED = 1,	/* the bytes that the kernel decompressed from them */
	KW_IMAGE_KINDS = 2,
	KW_NO_IMAGE = 3,	/* a canary, with its flags as offset */
	KW_FORGET_IMAGES = 4,	/* no record will report the attempt's images */
};

/* The room in a chunk. The smaller room is for the end of an image. */
#define KW_CHUNK_BYTES (32 << 10)
#define KW_CHUNK_BYTES_SMALL (4 << 10)

/* A part of a module's image. It goes to a separate ring buffer, or to a second
 * one if that has no room. Each part is sent once. All but the last have
 * KW_CHUNK_BYTES. If a part finds no room, no later part is sent. */
struct kw_chunk {
	__u64 call_time_ns;	/* with host_tid: the attempt */
	__u64 size;		/* the size of the whole image */
	__u64 offset;		/* the offset in the image */
	__u32 host_tid;
	__u32 len;		/* the length of data; later bytes are undefined */
	enum kw_image_kind kind;
	__u32 reserved;
	char data[];
};

/* The lanes of records, each with a separate ring buffer. Images have a third
 * one. */
enum kw_lane {
	KW_LANE_ATTEMPTS = 0,	/* behind a rate limit for each user and cgroup */
	KW_LANE_LOADS = 1,	/* records of accepted loads */
	KW_LANES = 2,
};

/* Indices into the counters map, one set per CPU. */
enum kw_counter {
	KW_ATTEMPTS_SENT = 0,		/* records for which room was requested in the lane */
	KW_ATTEMPTS_RING_FULL = 1,	/* records that found no room */
	KW_ATTEMPTS_HELD = 2,		/* records held back, and not sent later with a load */
	KW_ATTEMPTS_RECOVERED = 3,	/* no room at first, sent later with a load */
	KW_LOADS_SENT = 4,
	KW_LOADS_RING_FULL = 5,
	KW_NO_WORK_SPACE = 6,		/* records without a work space */
	KW_IMAGES_SEEN = 7,		/* images to send, of both kinds */
	KW_IMAGES_CUT = 8,		/* images of which not every byte was sent */
	KW_HELD_UNLISTED = 9,		/* held-back calls that found no room in the list */
	KW_ENTRIES_CROWDED_OUT = 10,	/* calls that found no work space at their entry */
	KW_COUNTERS = 11,
};

/* In kw_held_key: many users and cgroups, listed as one. */
#define KW_ALL_USERS 0xffffffffU

/* The key of held-back records: task, call and result. */
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
	__u32 host_pid;			/* of the last record */
	__u32 no_room;			/* number held back for lack of room, not of tokens */
	char comm[KW_COMM_LEN];		/* of the last record */
};

#define KW_CLOCK_SETTINGS 8

/* A setting of the clock, and its start. It converts a boot time into an epoch
 * time. */
struct kw_clock_setting {
	__u64 from_ns;			/* CLOCK_BOOTTIME */
	__s64 boot_to_epoch_ns;		/* 0: there is no such setting */
};

/* The progress of the call that loaded a module. */
enum kw_progress {
	KW_IN_CALL = 0,
	KW_RETURNED = 1,
	KW_NO_RETURN = 2,		/* the entry was missed, so the return may be missed too */
	KW_GONE = 3,			/* a removed module that was loaded before the programs */
};

/* A module that was loaded after the programs were attached, by the address of
 * its struct module. Only the agent may use the addresses. */
struct kw_module {
	__u64 loaded_ns;		/* CLOCK_BOOTTIME, of module_load */
	__u64 call_time_ns;		/* with host_tid: the attempt; 0 if none was seen */
	__u64 base;			/* the address in /proc/modules; 0 if it has none */
	__u64 taints;
	enum kw_progress progress;
	__u32 size;			/* in memory, without the part that is freed after init */
	__u32 host_tid;
	__u32 reserved;
	char name[KW_MODULE_NAME_LEN];
};

/* The counts of the list of modules. */
struct kw_module_changes {
	__u64 changes;			/* modules loaded or removed; increased after the list changed */
	__u64 unlisted;			/* modules that found no room in the list */
};

/* The values that user space sets for the programs. */
struct kw_control {
	__u32 period;			/* the lower bit: which list of held-back records to write */
	__u32 canary_pid;		/* its finit_module(-1, …) is a canary; 0: no process */
	/* The values that user space keeps for the next agent. */
	struct kw_clock_setting clock[KW_CLOCK_SETTINGS];	/* keeps times and ids the same */
	__u64 received[KW_LANES];	/* records that it has finished */
};

/* The list of pins of user space, for the next agent. */
#define KW_PINNED_BYTES (64 << 10)

struct kw_pinned {
	char text[KW_PINNED_BYTES];
	__u64 end;			/* 0; gives the length of text in the BTF */
};

/* The values that user space sets before the programs are loaded. */
struct kw_constants {
	__u64 image_bytes_max;		/* the largest size of images to send; 0: report no images */
	__u64 programs_twice;		/* whether each entry and return of a call has both its programs */
};

#endif
