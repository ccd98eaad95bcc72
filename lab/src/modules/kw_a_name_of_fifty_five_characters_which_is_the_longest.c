// SPDX-License-Identifier: GPL-2.0
/* The longest name the kernel takes: MODULE_NAME_LEN - 1 characters. */
#include <linux/module.h>

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module with the longest name");
