#!/bin/sh
# Runs one case for each signature on the load record, and ordinary cases. SignaturesIT tests the
# records.

run() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}

in_container() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; echo $$ >/sys/fs/cgroup/docker/$CONTAINER/cgroup.procs; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}

release=$(uname -r)
CONTAINER=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
export CONTAINER
mkdir -p "/sys/fs/cgroup/docker/$CONTAINER" /srv /lib/modules/"$release"/updates
cp kw_*.ko /srv/
cp kw_plain.ko /tmp/
cp kw_plain.ko /lib/modules/"$release"/updates/

run distribution modprobe dummy
run updates kwload finit "/lib/modules/$release/updates/kw_plain.ko"
run delete-updates kwload delete kw_plain
run elsewhere kwload finit /srv/kw_plain.ko
run delete-elsewhere kwload delete kw_plain
run from-memory kwload init /srv/kw_plain.ko
run delete-from-memory kwload delete kw_plain
run from-memfd kwload memfd /srv/kw_plain.ko
run delete-from-memfd kwload delete kw_plain
run from-deleted kwload unlinked /srv/kw_plain.ko
run delete-from-deleted kwload delete kw_plain
run from-temporary kwload finit /tmp/kw_plain.ko
run delete-from-temporary kwload delete kw_plain
run from-home kwload finit /root/kw_plain.ko
run delete-from-home kwload delete kw_plain
run forced kwload finit /srv/kw_plain.ko '' 3
run delete-forced kwload delete kw_plain
in_container from-container kwload finit /srv/kw_plain.ko
in_container delete-from-container kwload delete kw_plain
run parameter-refuses kwload finit /srv/kw_paramrefuse.ko 'refuse=1'
run init-fails kwload finit /srv/kw_initfail.ko
cp kw_plain.ko '/srv/kw_plain.ko (deleted)'
run named-deleted kwload finit '/srv/kw_plain.ko (deleted)'
run delete-named-deleted kwload delete kw_plain
run nested kwload nested /srv/kw_nested.ko /srv/kw_plain.ko
run delete-nested kwload delete kw_plain
run autoload kwload socket 38 5 0
# These programs and files have paths longer than the earlier limit of all texts together.
mkdir -m 1777 -p /opt/deep /tmp/deep
run deep-temporary kwload deep /opt/deep 12600 finit /tmp/kw_plain.ko
run delete-deep-temporary kwload delete kw_plain
in_container deep-container kwload deep /opt/deep 12600 finit /srv/kw_plain.ko
run delete-deep-container kwload delete kw_plain
run deep-file kwload deep-file /tmp/deep 12600 /srv/kw_plain.ko
run delete-deep-file kwload delete kw_plain
run deep-autoload kwload deep /opt/deep 12600 socket 40 1 0
run no-such-family kwload socket 6 5 0
cp /usr/bin/kmod /tmp/modprobe
modprobe_path=$(cat /proc/sys/kernel/modprobe)
echo /tmp/modprobe >/proc/sys/kernel/modprobe
run autoload-by-other-modprobe kwload socket 15 3 2
echo "$modprobe_path" >/proc/sys/kernel/modprobe
echo 0 >/proc/sys/kernel/ftrace_enabled
run blinded kwload finit /srv/kw_plain.ko
run delete-blinded kwload delete kw_plain
echo 1 >/proc/sys/kernel/ftrace_enabled
run hidden kwload finit /srv/kw_hide.ko
# The search checks one second after the agent has read the load, and again one second later. A
# third check finds no more.
tries=0
until grep -q KMW-1009 /out/findings.ndjson || [ "$tries" -gt 600 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
sleep 1
