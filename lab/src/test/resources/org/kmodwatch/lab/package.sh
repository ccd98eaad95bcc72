#!/bin/sh
# Tests the package in a Debian with systemd: installed, watching, killed, upgraded, removed,
# purged. PackageIT reads the results. In /lab are kmodwatch.deb, kwload and modules.
cp kwload /usr/bin/
cp ./*.ko /root/

unit=kmodwatch.service
# wait_for COMMAND...: waits until it succeeds; gives up after some three minutes.
wait_for() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ]; then
      echo "in vain: $*"
      systemctl status --no-pager "$unit"
      journalctl -q -o short-monotonic >out/journal
      exit 1
    fi
    sleep 0.5
  done
}
# Prints the journal without the messages of the syslog sink, which also belong to the unit.
journal() { journalctl -q -u "$unit" -o cat _TRANSPORT=stdout _TRANSPORT=journal; }
armed() { [ "$(journal | grep -c '^armed')" -ge "$1" ]; }
saw() { journal | grep -q "$1"; }
# told NAME: succeeds if a record has the process that ran as NAME.
told() { [ "$(journal | grep -c "$(of "$1")")" -ge 1 ]; }
of() { echo "\"pid\":$(sed -n "s/^case $1 //p" /lab/out/guest.log)"; }
seconds() { cut -d ' ' -f 1 /proc/uptime; }
run() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
}
files() {
  find / -xdev \( -path /lab -o -path /proc -o -path /sys -o -path /run -o -path /dev -o -path /tmp -o -path /var/tmp \
    -o -path /root -o -path /var/log -o -path /var/cache \) -prune -o -print | sort
}

# Prints the number of BPF programs in the kernel, without systemd's own.
programs() { grep -F '[bpf]' /proc/kallsyms | grep ' bpf_prog_' | grep -vc '_sd_'; }

no_programs() { [ "$(programs)" = 0 ]; }

# The machine was booted with a second service of this kind, whose agent hangs from its start.
hangs=kmodwatch-hangs.service
others=$(systemctl list-dependencies --plain sysinit.target | tail -n +2 | tr -d ' ' | grep -v "$hangs")
# Only the journal has its first start, since it was restarted in the meantime.
first=$(journalctl -q -u "$hangs" -o short-monotonic | sed -n '1s/^\[ *\([0-9]*\)\.\([0-9]*\)\].*/\1\2/p')
# shellcheck disable=SC2086 # a name a word
echo "hangs since=$first" \
  "all others=$(systemctl show -P ActiveEnterTimestampMonotonic $others | sort -n | tail -n 1)" \
  "boot went on=$(systemctl show -P ActiveEnterTimestampMonotonic sysinit.target)"

files >/root/before
echo "programs before $(programs)"
id kmodwatch 2>/dev/null && echo 'the user is there already'
command -v java && echo 'there is a Java already'
began=$(seconds)
dpkg -i kmodwatch.deb
echo "installed status=$? began=$began ended=$(seconds)"
echo "enabled $(systemctl is-enabled "$unit") active $(systemctl is-active "$unit")"
wait_for armed 1
echo "armed at=$(seconds)"

run file insmod /root/kw_plain.ko
run memory kwload init /root/kw_params.ko
run autoload kwload socket 38 5 0
run refused kwload nocap finit /root/kw_export.ko
wait_for saw '"name":"af_alg"'
wait_for saw '"outcome":"refused"'
pid=$(systemctl show -P MainPID "$unit")
cp "/proc/$pid/status" out/process
echo "memory peak=$(cat "/sys/fs/cgroup/system.slice/$unit/memory.peak" 2>/dev/null)"
systemd-analyze security --no-pager "$unit" >out/security 2>&1
ln -s /usr/bin/kmodwatch /root/km
/root/km --version
echo "status $(systemctl show -P StatusText "$unit")"
# The hanging service never sent a watchdog signal; the other one sent its first after it was armed.
hung() { [ "$(systemctl show -P NRestarts "$hangs")" -gt 0 ]; }
wait_for hung
echo "hangs restarted=yes result=$(journalctl -q -u "$hangs" -o cat | grep -c 'Watchdog timeout')"
systemctl stop "$hangs"
echo "alive started=$(systemctl show -P ExecMainStartTimestampMonotonic "$unit")" \
  "signed=$(systemctl show -P WatchdogTimestampMonotonic "$unit") restarts=$(systemctl show -P NRestarts "$unit")"

# In this mode Java ends with an error if the cache does not fit.
sed 's/"-XX:AOTCache=/-XX:AOTMode=on &/' /usr/bin/kmodwatch >/root/with-cache
for command in signatures watch replay; do
  sh /root/with-cache $command --help >/root/help 2>&1
  status=$?
  echo "cache for $command status=$status"
  [ "$status" = 0 ] || cat /root/help
done

# A load while the service is down is reported after its restart, even with a full /tmp.
mount -t tmpfs -o nr_inodes=1 none /tmp
touch /tmp/one-more 2>/dev/null && echo '/tmp is not full'
systemctl kill -s KILL "$unit"
run down insmod /root/kw_export.ko
echo "down $(systemctl is-active "$unit") programs $(programs)"
wait_for armed 2
echo "restarts $(systemctl show -P NRestarts "$unit")"
wait_for saw '"name":"kw_export"'
umount /tmp

# The upgrade keeps the settings, and a secret that only the service can read.
state=/var/lib/kmodwatch
cat >/etc/kmodwatch/kmodwatch.yaml <<'END'
sinks:
  kept:
    type: file
    path: /var/lib/kmodwatch/kept.ndjson
    format: loads
    kinds: [load]
  waiting:
    type: webhook
    url: http://127.0.0.1:1/
  log:
    type: syslog
    address: unix:///dev/log
    format: loads
    kinds: [load]
END
chgrp kmodwatch /etc/kmodwatch/kmodwatch.yaml
chmod 640 /etc/kmodwatch/kmodwatch.yaml
{
  echo "KMODWATCH_OPTIONS=--config /etc/kmodwatch/kmodwatch.yaml --keep-images $state/images --record $state/record --history" \
    '--listen 9464'
  echo 'KMODWATCH_TEST_SECRET=open-sesame'
} >/etc/kmodwatch/kmodwatch.env
dpkg -i kmodwatch.deb
echo "upgraded status=$?"
wait_for armed 3
restarted=$(date +%s)
[ "$(systemctl show -P MainPID "$unit")" != "$pid" ] && echo 'upgrade restarted it'
rmmod kw_plain
run kept insmod /root/kw_plain.ko
wait_for sh -c 'ls /var/lib/kmodwatch/images | grep -q .'
echo
find /etc/kmodwatch /var/lib/kmodwatch -printf 'mode %m %u:%g %y %p\n' | sed 's/[0-9a-f]\{64\}/HASH/'
setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "ps axeww; systemctl show $unit; cat /etc/kmodwatch/kmodwatch.env" >/root/seen 2>&1
journalctl -q >>/root/seen
ps axww >>/root/seen
echo "lines seen $(wc -l </root/seen) secrets seen $(grep -c open-sesame /root/seen)"

# Waits for two canaries.
until [ "$(($(date +%s) - restarted))" -ge 12 ]; do sleep 1; done
echo "recorded $(grep -c '"ID":"TRC-1017"' /var/lib/kmodwatch/record/findings.ndjson)" \
  "blind $(grep -c '"ID":"KMW-1012"' /var/lib/kmodwatch/record/findings.ndjson)"

echo "history $(kmodwatch history --name kw_plain --outcome loaded -o loads | wc -l)"

# The record is too long for a line of the journal: each of these bytes is six in JSON. A text of
# another kind is in the middle of the rest.
of_bytes() { printf "%0${1}d" 0 | sed "s/0/$2/g"; }
# folders N NAME: makes a path of N folders and prints it.
folders() {
  path=/root
  for _ in $(seq "$1"); do path=$path/$2; done
  mkdir -p "$path"
  echo "$path"
}
module=$(folders 14 "$(of_bytes 240 '\x01')")
program=$(folders 14 "$(of_bytes 35 'forged ')")
cp /root/kw_export.ko "$module/"
cp /usr/bin/kwload "$program/"
rmmod kw_export
cd "$module" || exit
run long "$program/kwload" finit kw_export.ko "$(of_bytes 4000 '\x01')"
cd /lab || exit
rmmod kw_export
# U+FFFF is valid UTF-8 and not a character.
run noncharacter kwload finit /root/kw_export.ko "$(printf '\357\277\277')"
# sent NAME: succeeds if the syslog sink has sent its record.
sent() { [ "$(journalctl -q -a -u "$unit" -o cat _TRANSPORT=syslog | grep -c "$(of "$1")")" -ge 1 ]; }
wait_for told noncharacter
wait_for sent noncharacter
fields=MESSAGE,_TRANSPORT,_LINE_BREAK,PRIORITY,SYSLOG_FACILITY,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID
journalctl -q -a -u "$unit" -o json --output-fields="$fields" >out/entries.ndjson
grep -e "$(of long)" -e "$(of noncharacter)" $state/kept.ndjson >out/whole.ndjson

rmmod kw_params
# A storm reaches every file that the service writes; SQLite needs temporary files for some.
kwload storm 200 /root/kw_params.ko kw_params
in_history() { kmodwatch history --name kw_params --limit all -o loads | wc -l; }
in_file() { grep -c '"name":"kw_params"' "$1"; }
in_spool() { tr -d ' \n' <$state/record/ledger.json | sed 's/.*"name":"waiting"[^}]*"spooled":\([0-9]*\).*/\1/'; }
stored() {
  [ "$(in_file $state/kept.ndjson)" -ge 401 ] && [ "$(in_file $state/record/loads.ndjson)" -ge 401 ] &&
    [ "$(in_spool)" -ge 401 ] && [ "$(in_history)" -ge 401 ]
}
wait_for stored
echo "storm history=$(in_history) file=$(in_file $state/kept.ndjson) record=$(in_file $state/record/loads.ndjson)" \
  "images=$(find $state/images -type f | wc -l) spooled=$(in_spool)"

# The state becomes read-only while the service runs, as after a disk error. It stays so while the
# service is killed and starts again.
health() {
  bash -c 'exec 3<>/dev/tcp/127.0.0.1/9464; printf "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&3; cat <&3' | tail -n 1
}
systemctl stop "$unit"
truncate -s 64M /root/state.img
mkfs.ext4 -q /root/state.img
cp -a $state /root/state
mount -o loop,errors=remount-ro /root/state.img $state
cp -a /root/state/. $state/
# A recording belongs to one start, so it is removed. Sinks are removed too: they would hold back
# records that they cannot write.
rm -rf $state/record
echo 'KMODWATCH_OPTIONS=--listen 9464' >/etc/kmodwatch/kmodwatch.env
chown kmodwatch: $state
chmod 700 $state
systemctl start "$unit"
wait_for armed 4
run writable insmod /root/kw_params.ko
wait_for told writable
mount -o remount,abort $state 2>/dev/null
touch $state/x 2>/dev/null && echo 'the state is writable'
run readonly rmmod kw_params
wait_for saw '^blind: state: '
echo "readonly health $(health)"
echo "readonly status $(systemctl show -P StatusText "$unit")"
systemctl kill -s KILL "$unit"
run again insmod /root/kw_params.ko
wait_for armed 5
wait_for told readonly
wait_for told again
# Loaded modules are reported again, since the state does not have the read position; it takes ten
# seconds.
wait_for saw 'recorded as preExisting'
echo "readonly again $(systemctl is-active "$unit") health $(health)"
systemctl stop "$unit"
umount $state
rm /etc/kmodwatch/kmodwatch.yaml

journal >out/journal
grep '^{' out/journal >out/loads.ndjson

dpkg -r kmodwatch
removed=$?
# The kernel frees the programs a moment after their last user is gone.
wait_for no_programs
echo "removed status=$removed active $(systemctl is-active "$unit") bpffs $(find /sys/fs/bpf -mindepth 1 | wc -l) programs $(programs)"
[ -e /etc/kmodwatch/kmodwatch.env ] && echo 'settings stay'
dpkg -P kmodwatch
echo "purged status=$?"
files >/root/after
comm -13 /root/before /root/after | sed 's/^/left /'
getent passwd kmodwatch
getent group kmodwatch
systemctl list-units --all --no-legend 'kmodwatch*' | grep -v "$hangs"
systemctl list-unit-files --no-legend 'kmodwatch*' | grep -v "$hangs"
echo 'end'
