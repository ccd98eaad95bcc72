// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * What the kernel is given, and whether its security modules let it pass:
 * fexit on the security_kernel_* functions (from Linux 5.10). They are called
 * with CONFIG_SECURITY only; the verdict is that of all security modules.
 *
 * The kernel skips a program that is under way already on the same CPU. Where
 * programs are preempted, as on real-time kernels, that happens when many load
 * at once: a later hook says what the skipped one would have said. Tracepoints
 * are not preempted, so of what the kernel accepts nothing is missed.
 */
#include "images.h"
#include "lanes.h"

/* What a record says of a file, to put back what it said before. */
struct kw_saved_file {
	__u64 ino;
	__u64 ctime_ns;
	__u32 dev;
	__u32 mode;
	__u32 flags;
	__u32 data_len;
	struct kw_span path;
};

static __always_inline void save_file(const struct kw_record *r, struct kw_saved_file *saved)
{
	saved->ino = r->ino;
	saved->ctime_ns = r->ctime_ns;
	saved->dev = r->dev;
	saved->mode = r->mode;
	saved->flags = r->flags;
	saved->data_len = r->data_len;
	saved->path = r->path;
}

static __always_inline void restore_file(struct kw_record *r, const struct kw_saved_file *saved)
{
	r->ino = saved->ino;
	r->ctime_ns = saved->ctime_ns;
	r->dev = saved->dev;
	r->mode = saved->mode;
	r->flags = saved->flags;
	r->data_len = saved->data_len;
	r->path = saved->path;
}

/* Sends what the kernel reads a file for. The first file that finit_module
 * reads is the module: the record keeps it. Any other, such as firmware that a
 * module's init asks for, is described for this record only. */
static __noinline int send_file(struct kw_attempt *a, struct file *file, __u32 kind)
{
	struct kw_record *r = &a->record;
	struct kw_saved_file saved;

	if (a->file == (__u64)file && r->path.len) {
		a->file_read = 1;
		send(a, kind);
		return 0;
	}
	if (r->call == KW_FINIT_MODULE && !a->file_read) {
		/* Another thread has put another file behind the descriptor. */
		a->file_read = 1;
		a->file = (__u64)file;
		if (r->path.len && r->path.off + r->path.len == r->data_len)
			r->data_len = r->path.off;
		describe_file(r, file);
		send(a, kind);
		return 0;
	}
	save_file(r, &saved);
	describe_file(r, file);
	r->flags |= KW_OTHER_FILE;
	send(a, kind);
	restore_file(r, &saved);
	return 0;
}

SEC("fexit/security_kernel_read_file")
int BPF_PROG(read_file, struct file *file, int id, bool contents, int ret)
{
	struct kw_attempt *a = work_space();

	if (!a)
		return 0;
	a->record.id = id;
	a->record.value = 0;
	a->record.ret = ret;
	send_file(a, file, KW_READ_FILE);
	done(a);
	return 0;
}

SEC("fexit/security_kernel_post_read_file")
int BPF_PROG(post_read_file, struct file *file, char *buf, long size, int id, int ret)
{
	struct kw_attempt *a = work_space();

	if (!a)
		return 0;
	a->record.id = id;
	if (a->record.call == KW_FINIT_MODULE && !a->file_read) {
		/* read_file was skipped. */
		a->record.value = 0;
		a->record.ret = 0;
		send_file(a, file, KW_READ_FILE);
	}
	a->record.value = size;
	a->record.ret = ret;
	send_file(a, file, KW_POST_READ_FILE);
	/* Not of a file that the module's own code has read, as if for a module. */
	if (is_module_read(id) && a->record.call == KW_FINIT_MODULE && a->file == (__u64)file)
		take_image(a, buf, size);
	done(a);
	return 0;
}

SEC("fexit/security_kernel_load_data")
int BPF_PROG(load_data, int id, bool contents, int ret)
{
	struct kw_attempt *a = work_space();

	if (!a)
		return 0;
	a->record.id = id;
	a->record.value = contents;
	a->record.ret = ret;
	send(a, KW_LOAD_DATA);
	done(a);
	return 0;
}

SEC("fexit/security_kernel_post_load_data")
int BPF_PROG(post_load_data, char *buf, long size, int id, char *description, int ret)
{
	struct kw_attempt *a = work_space();
	__u32 data_len;

	if (!a)
		return 0;
	data_len = a->record.data_len;
	a->record.id = id;
	a->record.value = size;
	a->record.ret = ret;
	append_kernel(&a->record, &a->record.srcversion, description);
	send(a, KW_POST_LOAD_DATA);
	a->record.srcversion = (struct kw_span){};
	a->record.data_len = data_len;
	if (is_module_load(id))
		take_image(a, buf, size);
	done(a);
	return 0;
}

SEC("fexit/security_kernel_module_request")
int BPF_PROG(security_module_request, char *alias, int ret)
{
	struct kw_attempt *a = work_space();

	if (!a)
		return 0;
	a->record.ret = ret;
	read_alias(&a->record, alias);
	send(a, KW_SECURITY_MODULE_REQUEST);
	a->record.alias[0] = 0;
	done(a);
	return 0;
}

/* Optional, CONFIG_MODULE_SIG: a module that the kernel has decompressed itself
 * is seen here for the first time as it is loaded; its signature is still part
 * of it. */
SEC("fentry/module_sig_check")
int BPF_PROG(module_sig_check_enter, struct load_info *info, int flags)
{
	struct kw_attempt *a = going_on();

	if (a)
		take_image(a, BPF_CORE_READ(info, hdr), BPF_CORE_READ(info, len));
	return 0;
}

/* Optional, CONFIG_MODULE_SIG: whether the module is signed by a trusted key,
 * and what the kernel makes of it if not: EKEYREJECTED where signatures are
 * enforced, EPERM where lockdown wants them. Kept for the attempt's records. */
SEC("fexit/module_sig_check")
int BPF_PROG(module_sig_check, struct load_info *info, int flags, int ret)
{
	struct kw_attempt *a = going_on();

	if (!a)
		return 0;
	a->record.flags |= KW_SIG_CHECKED;
	if (BPF_CORE_READ(info, sig_ok))
		a->record.flags |= KW_SIG_OK;
	a->record.sig_ret = ret;
	/* The check has read the image from end to end: time in which user space
	 * may have made room for the rest of it. The bytes are still untouched. */
	send_chunks(a);
	return 0;
}
