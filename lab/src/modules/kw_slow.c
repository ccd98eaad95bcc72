// SPDX-License-Identifier: GPL-2.0
/* Its init takes as long as it is told. */
#include <linux/delay.h>
#include <linux/module.h>

static unsigned int ms = 1000;
module_param(ms, uint, 0444);
MODULE_PARM_DESC(ms, "how long init sleeps, in milliseconds");

static int __init kw_slow_init(void)
{
	msleep(ms);
	return 0;
}

static void __exit kw_slow_exit(void)
{
}

module_init(kw_slow_init);
module_exit(kw_slow_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module whose init sleeps");
