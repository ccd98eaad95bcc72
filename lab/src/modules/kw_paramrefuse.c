// SPDX-License-Identifier: GPL-2.0
/* Runs its code in a parameter's callback and then fails, so that module_load is never traced. */
#include <linux/module.h>
#include <linux/moduleparam.h>

static int refuse_set(const char *value, const struct kernel_param *kp)
{
	return -EACCES;
}

static const struct kernel_param_ops refuse_ops = {
	.set = refuse_set,
};
module_param_cb(refuse, &refuse_ops, NULL, 0);

static int __init kw_paramrefuse_init(void)
{
	return 0;
}

static void __exit kw_paramrefuse_exit(void)
{
}

module_init(kw_paramrefuse_init);
module_exit(kw_paramrefuse_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module whose parameter 'refuse' fails with EACCES");
