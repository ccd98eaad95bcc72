// SPDX-License-Identifier: GPL-2.0
/* Requests a module for whoever writes a name or an alias to its parameter "request", as the kernel does where it needs one. */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/string.h>

static int request(const char *value, const struct kernel_param *param)
{
	char name[MODULE_NAME_LEN];
	int result;

	/* echo ends it with a newline. */
	if (strscpy(name, value, sizeof(name)) < 0)
		return -ENAMETOOLONG;
	result = request_module("%s", strim(name));
	/* modprobe's exit status, times 256. */
	return result > 0 ? -ENOENT : result;
}

static const struct kernel_param_ops request_ops = {
	.set = request,
};
module_param_cb(request, &request_ops, NULL, 0200);
MODULE_PARM_DESC(request, "the name or the alias of the module that the kernel is to load");

static int __init kw_request_init(void)
{
	return 0;
}

static void __exit kw_request_exit(void)
{
}

module_init(kw_request_init);
module_exit(kw_request_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kmodwatch test module that requests modules");
