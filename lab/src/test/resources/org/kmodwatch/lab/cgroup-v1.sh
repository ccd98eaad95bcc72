#!/bin/sh
# Loads modules from a Docker container under cgroup version 1. CgroupV1IT tests the records. The
# kernel is booted without the BPF LSM.

run() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}

umount /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for controller in memory pids; do
  mkdir "/sys/fs/cgroup/$controller"
  mount -t cgroup -o "$controller" "$controller" "/sys/fs/cgroup/$controller"
done
container=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
mkdir -p "/sys/fs/cgroup/memory/docker/$container" "/sys/fs/cgroup/pids/docker/$container"

run outside kwload finit kw_plain.ko
run delete-outside kwload delete kw_plain
(
  for controller in memory pids; do
    sh -c 'echo $PPID' >"/sys/fs/cgroup/$controller/docker/$container/cgroup.procs"
  done
  run inside kwload finit kw_plain.ko
  run inside-refused kwload nocap init /root/kw_plain.ko
)
run delete-inside kwload delete kw_plain
kmodwatch doctor
echo "doctor status $?"
