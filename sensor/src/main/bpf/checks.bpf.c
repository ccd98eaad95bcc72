// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * The input of the kernel, and the verdict of its security modules: fexit on
 * the security_kernel_* functions (from Linux 5.10). They are called only with
 * CONFIG_SECURITY. The verdict is that of all security modules.
 *
 * The kernel skips a program that already runs on the same CPU. Where programs
 * are preempted, as on real-time kernels, this happens when many tasks load at
 * once. Then a later hook reports the skipped program's event. Tracepoints are
 * not preempted, so no accepted load is missed.
 */
#include "images.h"
#include "lanes.h"

/* Sends a file read, with its purpose. The first file that finit_module reads
 * is the module. Any other file only belongs to this event, such as firmware
 * that a module's init requests. */
static __noinline int send_file(struct kw_attempt *a, struct file *file, struct kw_event *e)
{
	struct kw_record *r = &a->record;
	bool known = a->file.address == (__u64)file && a->file.path.len;

	if (known || (r->call == KW_FINIT_MODULE && !a->file_read)) {
		a->file_read = 1;
		if (!known) {
			/* Another thread has put another file behind the
			 * descriptor. */
			if (a->file.path.len && a->file.path.off + a->file.path.len == r->data_len)
				r->data_len = a->file.path.off;
			describe_file(r, &a->file, file);
		}
	} else {
		describe_file(r, &a->other, file);
		a->other.flags |= KW_OTHER_FILE;
		e->file = &a->other;
		e->path_len = a->other.path.len;
	}
	send(a, e);
	return 0;
}

SEC("fexit/security_kernel_read_file")
int BPF_PROG(read_file, struct file *file, int id, bool contents, int ret)
{
	struct kw_attempt *a = work_space();
	struct kw_event e;

	if (!a)
		return 0;
	e = event(a, KW_READ_FILE, id, 0, ret);
	send_file(a, file, &e);
	done(a);
	return 0;
}

SEC("fexit/security_kernel_post_read_file")
int BPF_PROG(post_read_file, struct file *file, char *buf, long size, int id, int ret)
{
	struct kw_attempt *a = work_space();
	struct kw_event e;

	if (!a)
		return 0;
	if (a->record.call == KW_FINIT_MODULE && !a->file_read) {
		/* read_file was skipped. */
		e = event(a, KW_READ_FILE, id, 0, 0);
		send_file(a, file, &e);
	}
	e = event(a, KW_POST_READ_FILE, id, size, ret);
	send_file(a, file, &e);
	/* Not for a file that the module's own code has read, as if for a
	 * module. */
	if (is_module_read(id) && a->record.call == KW_FINIT_MODULE &&
	    a->file.address == (__u64)file)
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
	send_plain(a, KW_LOAD_DATA, id, contents, ret);
	done(a);
	return 0;
}

SEC("fexit/security_kernel_post_load_data")
int BPF_PROG(post_load_data, char *buf, long size, int id, char *description, int ret)
{
	struct kw_attempt *a = work_space();
	struct kw_event e;

	if (!a)
		return 0;
	e = event(a, KW_POST_LOAD_DATA, id, size, ret);
	e.srcversion = description;
	send(a, &e);
	if (is_module_load(id))
		take_image(a, buf, size);
	done(a);
	return 0;
}

/* Optional, CONFIG_MODULE_SIG. A module that the kernel has decompressed itself
 * is first visible here in its loaded form. Its signature is still part of
 * it. */
SEC("fentry/module_sig_check")
int BPF_PROG(module_sig_check_enter, struct load_info *info, int flags)
{
	struct kw_attempt *a = going_on();

	if (a)
		take_image(a, BPF_CORE_READ(info, hdr), BPF_CORE_READ(info, len));
	return 0;
}

/* Optional, CONFIG_MODULE_SIG. Reads whether the module is signed by a trusted
 * key, and the result of the check otherwise: EKEYREJECTED where signatures are
 * enforced, EPERM where lockdown requires them. The attempt's records have
 * both. */
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
	/* The check has read the image from end to end. Meanwhile user space
	 * may have made room for the rest of it. The bytes are still
	 * unchanged. */
	send_chunks(a);
	return 0;
}
