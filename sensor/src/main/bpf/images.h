/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The bytes of a module as the kernel has them, copied to user space in parts
 * through a separate ring buffer. Not a hook itself. The image is copied when
 * it is complete and before it is changed: at security_kernel_post_read_file,
 * at security_kernel_post_load_data, and at the entry of module_sig_check if
 * the kernel has decompressed it. Parts that find no room are sent once the
 * signature has been checked. After that the kernel writes into the image.
 */
#ifndef KMODWATCH_IMAGES_H
#define KMODWATCH_IMAGES_H

#include "lanes.h"
#include <bpf/bpf_endian.h>

/* The default size in the object file. User space sets it. */
#define KW_IMAGE_RING_BYTES (64 << 20)

/* Larger images are not sent. With KW_CHUNK_BYTES each, this is the number of
 * turns that bpf_loop() may do. */
#define KW_IMAGE_MAX (64 << 20)
#define KW_CHUNKS_MAX (KW_IMAGE_MAX / KW_CHUNK_BYTES + 1)
#define KW_CHUNKS_UNROLLED 32

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, KW_IMAGE_RING_BYTES);
} images SEC(".maps");

/* The room that a ring of that size lacks for an image of KW_IMAGE_MAX. A ring
 * cannot be filled to the last byte, and a chunk has more bytes than its data.
 * A few chunks of other images may be pending. */
#define KW_IMAGE_REST_BYTES (1 << 20)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, KW_IMAGE_REST_BYTES);
} images_rest SEC(".maps");

static __always_inline bool is_module_read(__u32 id)
{
	if (bpf_core_enum_value_exists(enum kernel_read_file_id___v6_19, READING_MODULE_COMPRESSED) &&
	    id == bpf_core_enum_value(enum kernel_read_file_id___v6_19, READING_MODULE_COMPRESSED))
		return true;
	return id == bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE);
}

static __always_inline bool is_module_load(__u32 id)
{
	return id == bpf_core_enum_value(enum kernel_load_data_id, LOADING_MODULE);
}

/* Describes a chunk. Not inlined, so that the chunk is in the BTF for user
 * space. */
static __noinline void describe_chunk(struct kw_chunk *chunk, struct kw_attempt *a, __u32 kind, __u32 len)
{
	struct kw_image *image = &a->images[kind & 1];

	chunk->call_time_ns = a->record.call_time_ns;
	chunk->size = image->size;
	chunk->offset = image->sent;
	chunk->host_tid = a->record.host_tid;
	chunk->len = len;
	chunk->kind = kind;
	chunk->reserved = 0;
}

/* Sends the next part, of at most room bytes, which is a constant. */
static __always_inline bool send_chunk(struct kw_attempt *a, __u32 kind, const __u32 room)
{
	struct kw_image *image = &a->images[kind];
	__u64 len = image->size - image->sent;
	struct kw_chunk *chunk = bpf_ringbuf_reserve(&images, sizeof(*chunk) + room, 0);

	if (!chunk)
		chunk = bpf_ringbuf_reserve(&images_rest, sizeof(*chunk) + room, 0);
	if (!chunk)
		return false;
	asm volatile("" : "+r"(len));
	if (len > room)
		len = room;
	if (bpf_probe_read_kernel(chunk->data, len, (void *)(image->buf + image->sent))) {
		bpf_ringbuf_discard(chunk, 0);
		return false;
	}
	describe_chunk(chunk, a, kind, len);
	bpf_ringbuf_submit(chunk, 0);
	image->sent += len;
	return true;
}

/* Sends a chunk without bytes. It shows that the ring is read, with args[2] as
 * its mark. Or it reports that no record will report the attempt's images. */
static __noinline int send_empty_chunk(struct kw_attempt *a, __u32 kind)
{
	struct kw_chunk *chunk = bpf_ringbuf_reserve(&images, sizeof(*chunk), 0);

	if (!chunk)
		return 0;
	chunk->call_time_ns = a->record.call_time_ns;
	chunk->size = 0;
	chunk->offset = a->record.args[2];
	chunk->host_tid = a->record.host_tid;
	chunk->len = 0;
	chunk->kind = kind;
	chunk->reserved = 0;
	bpf_ringbuf_submit(chunk, 0);
	return 0;
}

struct kw_copy {
	struct kw_attempt *attempt;
	__u32 kind;
};

static long copy_step(__u32 step, struct kw_copy *copy)
{
	struct kw_attempt *a = copy->attempt;
	__u32 kind = copy->kind & 1;
	__u64 left = a->images[kind].size - a->images[kind].sent;

	if (!left)
		return 1;
	return left > KW_CHUNK_BYTES_SMALL ? !send_chunk(a, kind, KW_CHUNK_BYTES) :
					     !send_chunk(a, kind, KW_CHUNK_BYTES_SMALL);
}

/* Returns whether an image begins like a module, compressed or not. */
static __always_inline bool looks_like_module(const struct kw_image *image)
{
	__u32 magic = 0;

	bpf_probe_read_kernel(&magic, sizeof(magic), (void *)image->buf);
	return magic == bpf_htonl(0x7f454c46) ||		/* ELF */
	       magic == bpf_htonl(0xfd377a58) ||		/* xz */
	       magic == bpf_htonl(0x28b52ffd) ||		/* zstd */
	       (magic & bpf_htonl(0xffff0000)) == bpf_htonl(0x1f8b0000);	/* gzip */
}

/* Returns whether an image may use the ring. The fuller the ring, the fewer
 * images may begin to use it. So a flood of junk, or of attempts above their
 * user's limit, leaves room for the images of loads. A held-back attempt may
 * still be loaded, and then its image is needed. An image that cannot be a
 * module is not needed. */
static __noinline bool may_take_room(struct kw_attempt *a, struct kw_image *image)
{
	__u64 quarter = bpf_ringbuf_query(&images, BPF_RB_RING_SIZE) / 4;
	__u64 used = bpf_ringbuf_query(&images, BPF_RB_AVAIL_DATA);

	if (is_granted(a))
		return looks_like_module(image) || used < 2 * quarter;
	return looks_like_module(image) && used < 3 * quarter;
}

static __noinline int send_chunks(struct kw_attempt *a)
{
	struct kw_copy copy = { .attempt = a };
	int i;

	for (copy.kind = 0; copy.kind < KW_IMAGE_KINDS; copy.kind++) {
		struct kw_image *image = &a->images[copy.kind & 1];

		if (image->sent == image->size || image->size > constants.image_bytes_max)
			continue;
		if (!image->sent && !may_take_room(a, image))
			continue;
		if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
			bpf_loop(KW_CHUNKS_MAX, copy_step, &copy, 0);
		} else {
			for (i = 0; i < KW_CHUNKS_UNROLLED; i++) {
				if (copy_step(i, &copy))
					break;
			}
		}
	}
	return 0;
}

/* Copies the image that the kernel is about to load, unless it has been copied
 * already. The first image is the caller's, the second is the decompressed
 * one. */
static __noinline int take_image(struct kw_attempt *a, const void *buf, __u64 size)
{
	struct kw_image *handed = &a->images[KW_HANDED_OVER];
	struct kw_image *image = handed;

	if (!constants.image_bytes_max || a->record.call == KW_NO_CALL || !buf || !size)
		return 0;
	if (handed->buf) {
		image = &a->images[KW_DECOMPRESSED];
		if (handed->buf == (__u64)buf || image->buf)
			return 0;
	}
	image->buf = (__u64)buf;
	image->size = size;
	return send_chunks(a);
}

/* Reports to user space that the attempt's images are complete. */
static __noinline int send_images(struct kw_attempt *a)
{
	struct kw_image *handed = &a->images[KW_HANDED_OVER];
	struct kw_image *loaded = &a->images[KW_DECOMPRESSED];

	if (!handed->buf || a->images_told)
		return 0;
	a->images_told = 1;
	count(KW_IMAGES_SEEN);
	if (handed->sent != handed->size)
		count(KW_IMAGES_CUT);
	if (loaded->buf) {
		count(KW_IMAGES_SEEN);
		if (loaded->sent != loaded->size)
			count(KW_IMAGES_CUT);
	}
	if (!send_plain(a, KW_IMAGE, 0, handed->size, handed->sent) &&
	    (handed->sent || loaded->sent))
		send_empty_chunk(a, KW_FORGET_IMAGES);
	return 0;
}

#endif
