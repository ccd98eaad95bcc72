#!/bin/sh
# The first boot of the oracle's disk (OracleRun): installs the package, so that the next boot has it from its start. In /lab
# is kmodwatch.deb.
dpkg -i kmodwatch.deb || exit 3
# Of the boot that is looked at alone.
systemctl stop kmodwatch.service
# ftrace knows the command of 128 processes unless it is told otherwise; so before anything else is started.
cat >/etc/systemd/system/lab-oracle.service <<'END'
[Unit]
DefaultDependencies=no
Before=systemd-udev-trigger.service sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing; echo 32768 >/sys/kernel/tracing/saved_cmdlines_size'

[Install]
WantedBy=sysinit.target
END
systemctl enable lab-oracle.service
rm kmodwatch.deb
sync
echo end
