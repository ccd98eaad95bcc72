#!/bin/sh
# Loads and unloads as fast as it goes for SECONDS, under the eyes of WHO: agent or auditd. Prints
#   behind BYTES       written when the storm ends
#   size BYTES         and in the end
#   loads N
#   cpu NAME TICKS     of the watcher's process and of kauditd, from before the storm until it has written all of it
tar -C / -xf auditd.tar && rm auditd.tar
echo 'adm:x:4:' >>/etc/group

# User and system time of a process, in clock ticks.
cpu_of() {
  sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

size_of() {
  # shellcheck disable=SC2086 # auditd begins a new file now and then
  cat $1 | wc -c
}

case $WHO in
  agent)
    log=/run/kmodwatch.log
    # shellcheck disable=SC2086 # they are words
    kmodwatch watch $OPTIONS >$log 2>/out/agent.log &
    pid=$!
    until grep -q '^armed' /out/agent.log 2>/dev/null; do
      [ -d "/proc/$pid" ] || exit 3
      sleep 0.2
    done
    ;;
  auditd)
    log='/var/log/audit/audit.log*'
    auditd -n 2>/out/auditd.log &
    pid=$!
    until [ -s /var/log/audit/audit.log ]; do
      [ -d "/proc/$pid" ] || exit 3
      sleep 0.2
    done
    auditctl -b "${BACKLOG:-64}" >/dev/null
    auditctl -a always,exit -F arch=b64 -S init_module,finit_module,delete_module -k modules >/dev/null || exit 4
    ;;
esac
# Whoever watches has seen a few before, and is done with its start.
kwbench loads 10 kw_plain.ko kw_plain 200 >/dev/null || exit 5
sleep 3

kauditd=$(pidof kauditd)
before=$(cpu_of "$pid") kauditd_before=$(cpu_of "$kauditd")
bytes_before=$(size_of "$log")
loads=$(kwbench storm "$SECONDS_OF_STORM" kw_plain.ko kw_plain) || exit 6
echo "behind $(($(size_of "$log") - bytes_before))"
# Until nothing more is written.
size=-1
while [ "$size" != "$(size_of "$log")" ]; do
  size=$(size_of "$log")
  sleep 3
done
echo "loads $loads"
echo "cpu $WHO $(($(cpu_of "$pid") - before))"
echo "cpu kauditd $(($(cpu_of "$kauditd") - kauditd_before))"
echo "size $((size - bytes_before))"
case $WHO in
  agent)
    kill "$pid"
    wait "$pid"
    ;;
  auditd)
    auditctl -s >/out/audit.status
    ;;
esac
true
