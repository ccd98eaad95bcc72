/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The lanes of records to user space. Records of accepted loads have a separate
 * ring. Attempts have another ring, behind a bucket of tokens for each user and
 * cgroup. So a user with many attempts cannot suppress the records of others.
 * Held-back records are listed by task, call and result. Held-back records of a
 * load are kept with its attempt, and sent once the kernel accepts it. Not a
 * hook itself.
 */
#ifndef KMODWATCH_LANES_H
#define KMODWATCH_LANES_H

#include "attempt.h"

#define KW_RING_BYTES (16 << 20)	/* the size of each of the two lanes */

/* The number of attempts that each user and cgroup may make at once before they
 * are held back. Each KW_TOKEN_NS allows one more. An accepted load needs no
 * token. */
#define KW_TOKENS 2048
#define KW_TOKEN_NS (1000000000ULL / 64)
#define KW_BUCKETS 4096

/* The tokens of all users and cgroups together. */
#define KW_ALL_TOKENS 4096
#define KW_ALL_TOKEN_NS (1000000000ULL / 256)

/* The tokens of users and cgroups that have no bucket yet, or whose bucket was
 * evicted. Otherwise a caller that makes each attempt as another user would
 * have no limit. */
#define KW_NEW_TOKENS 1024
#define KW_NEW_TOKEN_NS (1000000000ULL / 16)

#define KW_HELD_MAX 1024

/* Above this fill level of either ring, a new attempt is held back, so that
 * running attempts and accepted loads find room. */
#define KW_RING_ENOUGH (KW_RING_BYTES / 4 * 3)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, KW_RING_BYTES);
} ring_attempts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, KW_RING_BYTES);
} ring_loads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kw_control);
} control SEC(".maps");

/* User space's list of its pinned programs and maps, in lines. It is written
 * once and then frozen. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kw_pinned);
} pinned SEC(".maps");

const volatile struct kw_constants constants;

struct kw_bucket_key {
	__u64 cgroup_id;
	__u32 uid;
	__u32 reserved;
};

/* The time when the bucket of a user and cgroup will be full again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, KW_BUCKETS);
	__type(key, struct kw_bucket_key);
	__type(value, __u64);
} buckets SEC(".maps");

enum kw_common_bucket {
	KW_BUCKET_OF_ALL = 0,
	KW_BUCKET_OF_NEW = 1,
	KW_COMMON_BUCKETS = 2,
};

/* The same time for the common buckets. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KW_COMMON_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} common_buckets SEC(".maps");

/* Two lists. While one is written, user space reads and empties the other, so
 * that no count is lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KW_HELD_MAX);
	__type(key, struct kw_held_key);
	__type(value, struct kw_held);
} held_even SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KW_HELD_MAX);
	__type(key, struct kw_held_key);
	__type(value, struct kw_held);
} held_odd SEC(".maps");

/* Takes a token from a bucket. Returns whether the bucket had one. The bucket
 * is the time at which it will be full. Two calls at the same moment may take
 * one token for both. */
static __always_inline bool take_from(__u64 *full, __u64 now, __u64 tokens, __u64 token_ns)
{
	__u64 next = (*full > now ? *full : now) + token_ns;

	if (next > now + tokens * token_ns)
		return false;
	*full = next;
	return true;
}

static __always_inline __u64 *common_bucket(__u32 which)
{
	return bpf_map_lookup_elem(&common_buckets, &which);
}

/* Takes a token for an attempt from each of its buckets, or from none. Returns
 * enum kw_grant. */
static __noinline __u32 take_token(const struct kw_record *r)
{
	struct kw_bucket_key key = { .cgroup_id = r->cgroup_id, .uid = r->uid };
	__u64 now = bpf_ktime_get_boot_ns();
	__u64 *full = bpf_map_lookup_elem(&buckets, &key);
	__u64 *of_all = common_bucket(KW_BUCKET_OF_ALL);
	__u64 *of_new = common_bucket(KW_BUCKET_OF_NEW);
	__u64 first = now + KW_TOKEN_NS;

	if (!of_all || !of_new)
		return KW_HELD_BACK;
	if (full) {
		if (!take_from(full, now, KW_TOKENS, KW_TOKEN_NS))
			return KW_HELD_BACK;
		if (take_from(of_all, now, KW_ALL_TOKENS, KW_ALL_TOKEN_NS))
			return KW_GRANTED;
		*full -= KW_TOKEN_NS;
		return KW_HELD_BACK;
	}
	if (!take_from(of_new, now, KW_NEW_TOKENS, KW_NEW_TOKEN_NS))
		return KW_HELD_TOGETHER;
	if (!take_from(of_all, now, KW_ALL_TOKENS, KW_ALL_TOKEN_NS)) {
		*of_new -= KW_NEW_TOKEN_NS;
		return KW_HELD_TOGETHER;
	}
	bpf_map_update_elem(&buckets, &key, &first, BPF_ANY);
	return KW_GRANTED;
}

static __noinline int give_token_back(const struct kw_record *r)
{
	struct kw_bucket_key key = { .cgroup_id = r->cgroup_id, .uid = r->uid };
	__u64 *full = bpf_map_lookup_elem(&buckets, &key);
	__u64 *of_all = common_bucket(KW_BUCKET_OF_ALL);

	if (full)
		*full -= KW_TOKEN_NS;
	if (of_all)
		*of_all -= KW_ALL_TOKEN_NS;
	return 0;
}

/* Returns whether an attempt may use its lane. This is decided once, so that
 * all or none of an attempt's records are sent. */
static __noinline bool is_granted(struct kw_attempt *a)
{
	if (a->grant == KW_UNDECIDED) {
		if (bpf_ringbuf_query(&ring_attempts, BPF_RB_AVAIL_DATA) > KW_RING_ENOUGH ||
		    bpf_ringbuf_query(&ring_loads, BPF_RB_AVAIL_DATA) > KW_RING_ENOUGH)
			a->grant = KW_NO_ROOM;
		else
			a->grant = take_token(&a->record);
	}
	return a->grant == KW_GRANTED;
}

/* Lists a finished attempt or request that was held back. */
static __noinline int list_held(struct kw_attempt *a, const struct kw_event *e)
{
	struct kw_record *r = &a->record;
	struct kw_held_key key = {
		.cgroup_id = r->cgroup_id,
		.ret = e->ret,
		.uid = r->uid,
		.call = r->call,
	};
	struct kw_held none = {};
	struct kw_held *held = NULL;
	struct kw_control *c;
	__u32 zero = 0;

	/* The call in which a request is made is not the event that was held
	 * back. */
	if (e->kind == KW_MODULE_REQUEST || e->kind == KW_SECURITY_MODULE_REQUEST)
		key.call = KW_NO_CALL_BUT_REQUEST;
	if (a->grant == KW_HELD_TOGETHER) {
		key.cgroup_id = 0;
		key.uid = KW_ALL_USERS;
	}
	c = bpf_map_lookup_elem(&control, &zero);
	if (c && (c->period & 1)) {
		bpf_map_update_elem(&held_odd, &key, &none, BPF_NOEXIST);
		held = bpf_map_lookup_elem(&held_odd, &key);
	} else {
		bpf_map_update_elem(&held_even, &key, &none, BPF_NOEXIST);
		held = bpf_map_lookup_elem(&held_even, &key);
	}
	if (!held) {
		count(KW_HELD_UNLISTED);
		return 0;
	}
	__sync_fetch_and_add(&held->count, 1);
	if (a->grant == KW_NO_ROOM)
		__sync_fetch_and_add(&held->no_room, 1);
	if (!held->first_ns)
		held->first_ns = e->time_ns;
	held->last_ns = e->time_ns;
	held->host_pid = r->host_pid;
	__builtin_memcpy(held->comm, r->comm, KW_COMM_LEN);
	return 0;
}

/* Creates an event of the attempt's own file, without separate strings. */
static __always_inline struct kw_event event(const struct kw_attempt *a, enum kw_kind kind,
					     __u32 id, __u64 value, __s64 ret)
{
	return (struct kw_event){
		.kind = kind,
		.id = id,
		.value = value,
		.ret = ret,
		.file = &a->file,
	};
}

/* Returns whether an event is the last of an action that a person would
 * count. */
static __always_inline bool ends_something(const struct kw_attempt *a, const struct kw_event *e)
{
	switch (e->kind) {
	case KW_CALL_RETURN:
	case KW_MODULE_REQUEST:
		return true;
	case KW_SECURITY_MODULE_REQUEST:
		return e->ret;		/* a refusal is the last event */
	case KW_READ_FILE:
	case KW_LOAD_DATA:
		return a->record.call == KW_NO_CALL;
	default:
		return false;
	}
}

/* Keeps an event that a complete load needs, in case the attempt becomes a
 * load. */
static __noinline int keep(struct kw_attempt *a, const struct kw_event *e, __u32 counter)
{
	__u32 i = a->kept_count;

	if (e->kind < KW_READ_FILE || e->kind > KW_POST_LOAD_DATA || i >= KW_KEPT_MAX ||
	    (e->file->flags & KW_OTHER_FILE))
		return 0;
	i &= KW_KEPT_MAX - 1;
	a->kept[i].time_ns = e->time_ns;
	a->kept[i].value = e->value;
	a->kept[i].ret = e->ret;
	a->kept[i].id = e->id;
	a->kept[i].kind = e->kind;
	a->kept[i].counter = counter;
	a->kept_count++;
	return 0;
}

static __always_inline __u64 length_of(const struct kw_record *r)
{
	__u64 len = end_of(r);

	if (len > KW_DATA_MAX + KW_APPEND_MAX)
		len = KW_DATA_MAX + KW_APPEND_MAX;
	return __builtin_offsetof(struct kw_record, data) + len;
}

/* Writes an event into the attempt's record, and the record into a lane.
 * Returns whether there was room. */
static __noinline bool put(struct kw_attempt *a, const struct kw_event *e, enum kw_lane lane)
{
	const struct kw_file *file = e->file;
	struct kw_record *r = &a->record;
	long failed;

	r->time_ns = e->time_ns;
	r->value = e->value;
	r->ret = e->ret;
	r->kind = e->kind;
	r->id = e->id;
	r->cpu = bpf_get_smp_processor_id();
	r->params = a->params;
	r->version = (struct kw_span){};
	r->srcversion = (struct kw_span){};
	append_kernel(r, &r->version, e->version);
	append_kernel(r, &r->srcversion, e->srcversion);
	append_kernel(r, &r->params, e->params);
	r->ino = file->ino;
	r->ctime_ns = file->ctime_ns;
	r->dev = file->dev;
	r->mode = file->mode;
	r->path = file->path;
	r->flags = (r->flags & ~KW_FILE_FLAGS) | file->flags;
	r->alias[0] = 0;
	if (e->alias)
		read_alias(r, e->alias);
	if (lane == KW_LANE_LOADS) {
		r->seq = count(KW_LOADS_SENT);
		failed = bpf_ringbuf_output(&ring_loads, r, length_of(r), 0);
		if (failed)
			count(KW_LOADS_RING_FULL);
	} else {
		r->seq = count(KW_ATTEMPTS_SENT);
		failed = bpf_ringbuf_output(&ring_attempts, r, length_of(r), 0);
		if (failed)
			count(KW_ATTEMPTS_RING_FULL);
	}
	return !failed;
}

/* Sends an event by the attempt's lane, or keeps it and lists it. Returns
 * whether user space will receive it. */
static __noinline bool send(struct kw_attempt *a, struct kw_event *e)
{
	__u32 own_len = a->record.data_len - e->path_len;
	bool sent = false;

	e->time_ns = bpf_ktime_get_boot_ns();
	if (a->accepted) {
		sent = put(a, e, KW_LANE_LOADS);
	} else if (is_granted(a)) {
		sent = put(a, e, KW_LANE_ATTEMPTS);
		if (!sent)
			keep(a, e, KW_ATTEMPTS_RING_FULL);
	} else {
		count(KW_ATTEMPTS_HELD);
		keep(a, e, KW_ATTEMPTS_HELD);
		if (ends_something(a, e))
			list_held(a, e);
	}
	a->record.data_len = own_len;
	return sent;
}

/* Sends an event that adds no string and no file. */
static __noinline bool send_plain(struct kw_attempt *a, enum kw_kind kind, __u32 id, __u64 value,
				  __s64 ret)
{
	struct kw_event e = event(a, kind, id, value, ret);

	return send(a, &e);
}

/* Sends the read of the call's own file, if no program saw it. */
static __noinline int send_own_read(struct kw_attempt *a)
{
	a->file_read = 1;
	return send_plain(a, KW_READ_FILE,
			  bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE), 0, 0);
}

/* Marks the attempt as accepted: the kernel loads or unloads the module. From
 * now on events use the lane of loads, and first the events that the other lane
 * did not take. */
static __noinline int accept(struct kw_attempt *a)
{
	struct kw_event e;
	int i;

	if (a->accepted)
		return 0;
	a->accepted = 1;
	if (a->grant == KW_GRANTED)
		give_token_back(&a->record);
	e = event(a, 0, 0, 0, 0);
	for (i = 0; i < KW_KEPT_MAX; i++) {
		const struct kw_kept *kept = &a->kept[i];

		if (i >= (int)a->kept_count)
			break;
		e.kind = kept->kind;
		e.time_ns = kept->time_ns;
		e.value = kept->value;
		e.ret = kept->ret;
		e.id = kept->id;
		if (kept->counter == KW_ATTEMPTS_HELD)
			add(KW_ATTEMPTS_HELD, -1);
		else
			count(KW_ATTEMPTS_RECOVERED);
		put(a, &e, KW_LANE_LOADS);
	}
	if (a->record.call == KW_FINIT_MODULE && !a->file_read && a->file.address)
		send_own_read(a);
	return 0;
}

#endif
