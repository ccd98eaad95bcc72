// SPDX-License-Identifier: GPL-2.0
/* Fails with ENOENT unless kw_export is loaded. */
#include <linux/module.h>

int kw_exported(void);

static int __init kw_unresolved_init(void)
{
	return kw_exported();
}

static void __exit kw_unresolved_exit(void)
{
}

module_init(kw_unresolved_init);
module_exit(kw_unresolved_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module that needs kw_export");
