// SPDX-License-Identifier: GPL-2.0
/* Has the symbol that kw_unresolved needs. */
#include <linux/module.h>

int kw_exported(void);

int kw_exported(void)
{
	return 0;
}
EXPORT_SYMBOL_GPL(kw_exported);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module that exports a symbol");
