// SPDX-License-Identifier: GPL-2.0
/* Its init oopses: the loader is killed, the system call never returns. */
#include <linux/module.h>

static int __init kw_oops_init(void)
{
	int *volatile nowhere = NULL;

	return READ_ONCE(*nowhere);
}

static void __exit kw_oops_exit(void)
{
}

module_init(kw_oops_init);
module_exit(kw_oops_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module whose init dereferences NULL");
