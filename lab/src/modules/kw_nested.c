// SPDX-License-Identifier: GPL-2.0
/*
 * Loads another module from its init function, by the kernel's own function for init_module(2), in the thread that loads this
 * one: image=ADDRESS and length=BYTES say where its caller has the other module in memory.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/ptrace.h>

static unsigned long image;
module_param(image, ulong, 0);

static unsigned long length;
module_param(length, ulong, 0);

static int __init kw_nested_init(void)
{
#ifdef CONFIG_X86_64
	struct kprobe symbol = { .symbol_name = "__x64_sys_init_module" };
	/* Behind the image are zeros: no parameters. */
	struct pt_regs regs = { .di = image, .si = length, .dx = image + length };
	long (*init_module)(const struct pt_regs *regs);
	int ret = register_kprobe(&symbol);

	if (ret)
		return ret;
	init_module = (void *)symbol.addr;
	unregister_kprobe(&symbol);
	pr_info("kw_nested: the module inside came to %ld\n", init_module(&regs));
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

static void __exit kw_nested_exit(void)
{
}

module_init(kw_nested_init);
module_exit(kw_nested_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("Kmodwatch");
MODULE_DESCRIPTION("Kmodwatch test module whose init loads another one");
