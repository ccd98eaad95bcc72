// SPDX-License-Identifier: GPL-2.0
/* Its init fails: module_load is traced, then the module is freed. */
#include <linux/module.h>

static int __init kw_initfail_init(void)
{
	return -ENODEV;
}

module_init(kw_initfail_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module whose init fails with ENODEV");
