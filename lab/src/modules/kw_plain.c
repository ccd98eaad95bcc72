// SPDX-License-Identifier: GPL-2.0
/* Loads, does nothing, unloads. */
#include <linux/module.h>

static int __init kw_plain_init(void)
{
	return 0;
}

static void __exit kw_plain_exit(void)
{
}

module_init(kw_plain_init);
module_exit(kw_plain_exit);
MODULE_LICENSE("GPL");
MODULE_VERSION("1.2.3");
MODULE_AUTHOR("Kmodwatch");
MODULE_DESCRIPTION("Kmodwatch test module that loads and does nothing");
