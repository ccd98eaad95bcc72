// SPDX-License-Identifier: GPL-2.0
/* Keeps records from a ring buffer as rootkits do: what a BPF program sends there is taken for sent and is nowhere.
 * Canaries pass, so that the sensor's own call comes back. */
#include <linux/bpf.h>
#include <linux/kprobes.h>
#include <linux/module.h>

/* enum kw_kind and struct kw_record of the sensor's record.h. */
#define KW_CANARY 13
#define KW_KIND_OFFSET 120

static char ring[16];
module_param_string(ring, ring, sizeof(ring), 0644);
MODULE_PARM_DESC(ring, "name of the map whose records are dropped; empty: none");

static unsigned int dropped;
module_param(dropped, uint, 0444);
MODULE_PARM_DESC(dropped, "how many were");

static noinline u64 kw_pretend(void)
{
	return 0;
}

static int kw_before(struct kprobe *probe, struct pt_regs *regs)
{
	const struct bpf_map *map = (const struct bpf_map *)regs->di;
	const char *record = (const char *)regs->si;

	if (strcmp(map->name, strim(ring)) || *(const u32 *)(record + KW_KIND_OFFSET) == KW_CANARY)
		return 0;
	dropped++;
	regs->ip = (unsigned long)kw_pretend;
	return 1;
}

static struct kprobe kw_probe = {
	.symbol_name = "bpf_ringbuf_output",
	.pre_handler = kw_before,
};

static int __init kw_ringdrop_init(void)
{
	return register_kprobe(&kw_probe);
}

static void __exit kw_ringdrop_exit(void)
{
	unregister_kprobe(&kw_probe);
}

module_init(kw_ringdrop_init);
module_exit(kw_ringdrop_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module that drops records of a BPF ring buffer");
