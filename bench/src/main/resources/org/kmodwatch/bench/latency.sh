#!/bin/sh
# The agent, auditd and bpftrace side by side, and LOADS loads, MILLIS apart. Everything is left in /out: loads, with the
# times of each call, and stamps, with the time of each line of the three.
for tools in auditd.tar bpftrace.tar; do
  tar -C / -xf $tools && rm $tools
done
echo 'adm:x:4:' >>/etc/group

kmodwatch watch -o json >/run/findings 2>/out/agent.log &
agent=$!
auditd -n 2>/out/auditd.log &
auditd=$!
: >/run/bpftrace
# shellcheck disable=SC2016 # it is bpftrace's
bpftrace -B line -e 'tracepoint:module:module_load { printf("%d %llu %s\n", pid, nsecs, str(args->name)); }' \
  >/run/bpftrace 2>/out/bpftrace.log &
bpftrace=$!
tries=0
until grep -q '^armed' /out/agent.log && grep -q Attaching /run/bpftrace && [ -s /var/log/audit/audit.log ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || { cat /run/bpftrace; exit 3; }
  sleep 0.2
done
auditctl -a always,exit -F arch=b64 -S init_module,finit_module,delete_module -k modules || exit 4
sleep 5

kwbench stamp /run/findings /var/log/audit/audit.log /run/bpftrace >/out/stamps &
stamp=$!
sleep 1
kwbench loads "$LOADS" kw_plain.ko kw_plain "$MILLIS" >/out/loads || exit 5
sleep 3
kill "$stamp"
wait "$stamp"
kill "$agent" "$auditd" "$bpftrace"
wait
auditctl -s >/out/audit.status 2>&1
true
