// SPDX-License-Identifier: GPL-2.0
/* Takes parameters of the two common kinds. */
#include <linux/module.h>

static int number = 7;
module_param(number, int, 0444);
MODULE_PARM_DESC(number, "any number");

static char *text = "unset";
module_param(text, charp, 0444);
MODULE_PARM_DESC(text, "any text");

static int __init kw_params_init(void)
{
	return 0;
}

static void __exit kw_params_exit(void)
{
}

module_init(kw_params_init);
module_exit(kw_params_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module with parameters");
