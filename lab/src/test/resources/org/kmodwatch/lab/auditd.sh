#!/bin/sh
# Runs auditd beside the sensor: both see the same loads. AuditdIT compares the replayed log with
# the sensor's record. Leaves in /out the log, and the output of ausearch --raw and of ausearch.
run() {
  name=$1
  shift
  # The shell that prints its pid becomes the loader.
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}

log=/var/log/audit/audit.log
tar -C / -xf auditd.tar
echo 'adm:x:4:' >>/etc/group
# auditd requires a private log folder.
chmod 750 /var/log/audit
auditd -n 2>/out/auditd.log &
auditd=$!
tries=0
until [ -s $log ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || { cat /out/auditd.log; exit 3; }
  sleep 0.1
done
auditctl -b 8192 >/dev/null || exit 4
# Some messages from before the start of auditd were lost.
auditctl --reset-lost >/dev/null || exit 4
cat >/tmp/audit.rules <<'end'
@RULES@
end
canaries() { # FIRST-LINE
  tail -n "+$1" $log | grep -c 'syscall=313 .*exe="/[^"]*/java"' || true
}
# Without the rule that excludes it, the sensor's canary is in the log.
grep always, /tmp/audit.rules >/tmp/audit-all.rules
auditctl -R /tmp/audit-all.rules >/dev/null || exit 4
tries=0
until [ "$(canaries 1)" -gt 0 ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || { cat $log; exit 5; }
  sleep 0.1
done
auditctl -D >/dev/null || exit 4
auditctl -R /tmp/audit.rules >/dev/null || exit 4
# Waits until earlier events are written.
sleep 1
excluded=$(($(wc -l <$log) + 1))
from=$(cut -d. -f1 /proc/uptime)

# The user nobody cannot read /root.
cp kw_plain.ko /tmp/
run file insmod /root/kw_plain.ko
run remove rmmod kw_plain
run relative insmod kw_params.ko number=42
run remove-relative rmmod kw_params
run distribution modprobe dummy numdummies=2
run remove-distribution rmmod dummy
run memory kwload init kw_params.ko number=7
run already-there kwload init kw_params.ko
run remove-memory kwload delete kw_params
run memfd kwload memfd kw_plain.ko
run remove-memfd kwload delete kw_plain
run int80 kwload int80 kw_plain.ko
run remove-int80 kwload int80-delete kw_plain
run no-capability kwload nocap finit /tmp/kw_plain.ko
run bad-flags kwload finit kw_plain.ko '' 128
run descriptor-of-no-file kwload badfd -1 0
run canary-of-another kwload badfd -1 0x40000001
run second-try busybox insmod kw_unresolved.ko
run init-fails kwload finit kw_initfail.ko
run parameter-refuses kwload finit kw_paramrefuse.ko refuse=1
run autoload kwload socket 38 5 0
echo Y >/sys/module/module/parameters/sig_enforce
run unsigned-file insmod /root/kw_plain.ko
run unsigned-memory kwload init kw_plain.ko
run no-such-module kwload delete kw_last
# The sensor makes a canary call every five seconds.
while [ "$(cut -d. -f1 /proc/uptime)" -lt $((from + 12)) ]; do
  sleep 1
done
run last kwload delete kw_last

# Waits until the last event is written.
tries=0
until [ "$(grep -c 'KERN_MODULE.*"kw_last"' $log)" -eq 2 ] && tail -n 1 $log | grep -q '^type=PROCTITLE'; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { tail $log; exit 5; }
  sleep 0.1
done
echo "canaries in the log: $(canaries 1), excluded but there: $(canaries $excluded)"
auditctl -s | sed -n 's/^lost/audit lost/p'
cp $log /out/audit.log
ausearch --raw -k modules -if $log >/out/ausearch-raw.log || exit 6
ausearch -k modules -if $log >/out/ausearch.log || exit 6
kill "$auditd"
wait "$auditd"
true
