// SPDX-License-Identifier: GPL-2.0
/*
 * Its init takes as long as it is told, and returns what it is told; and so does the handler of its parameter handler_ms, which
 * runs before init.
 */
#include <linux/delay.h>
#include <linux/module.h>

static unsigned int ms = 1000;
module_param(ms, uint, 0444);
MODULE_PARM_DESC(ms, "how long init sleeps, in milliseconds");

static int error;
module_param(error, int, 0444);
MODULE_PARM_DESC(error, "what init returns");

static int handler_error;
module_param(handler_error, int, 0444);
MODULE_PARM_DESC(handler_error, "what the handler of a later handler_ms returns");

static int sleep_in_handler(const char *value, const struct kernel_param *param)
{
	unsigned int wanted;
	int invalid = kstrtouint(value, 0, &wanted);

	if (invalid)
		return invalid;
	msleep(wanted);
	return handler_error;
}

static const struct kernel_param_ops handler_ops = {
	.set = sleep_in_handler,
};
module_param_cb(handler_ms, &handler_ops, NULL, 0200);
MODULE_PARM_DESC(handler_ms, "how long the parameter's handler sleeps, in milliseconds");

static int __init kw_slow_init(void)
{
	msleep(ms);
	return error;
}

static void __exit kw_slow_exit(void)
{
}

module_init(kw_slow_init);
module_exit(kw_slow_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module whose init sleeps");
