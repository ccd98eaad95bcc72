// SPDX-License-Identifier: GPL-2.0
/*
 * Takes itself off the list of modules, so that /proc/modules and lsmod do not show it; with sysfs=1 also out of
 * /sys/module. It does so in its init function, or that many milliseconds later: ms=4500; with ms=-1 never, so that it is
 * a decoy for one that hides. It cannot be unloaded again: it has no exit function, and nothing finds it by its name.
 */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rculist.h>
#include <linux/workqueue.h>

static bool sysfs;
module_param(sysfs, bool, 0);

static int ms;
module_param(ms, int, 0);

static void hide(struct work_struct *work)
{
	/* Who is at this entry of the list must still find the next one. */
	list_del_rcu(&THIS_MODULE->list);
	if (sysfs)
		kobject_del(&THIS_MODULE->mkobj.kobj);
}

static DECLARE_DELAYED_WORK(hiding, hide);

static int __init kw_hide_init(void)
{
	if (ms > 0)
		schedule_delayed_work(&hiding, msecs_to_jiffies(ms));
	else if (ms == 0)
		hide(NULL);
	return 0;
}

module_init(kw_hide_init);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("Kmodwatch");
MODULE_DESCRIPTION("Kmodwatch test module that hides itself");
