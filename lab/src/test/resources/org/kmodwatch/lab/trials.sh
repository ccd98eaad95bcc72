#!/bin/sh
# Tests the package's service on failing disks, and with damaged state or state of a later version.
# It also runs beside a second service, and during an init of ten minutes. ServiceTrialsRun reads
# the output. In /lab are kmodwatch.deb, kwload and modules. TRIALS names the trials.
cp kwload /usr/bin/
cp ./*.ko /root/
state=/var/lib/kmodwatch
unit=kmodwatch.service

journal() { journalctl -q -u $unit -o cat; }
# until_true SECONDS COMMAND...: waits until it succeeds; fails after the time.
until_true() {
  limit=$1
  shift
  began=$(cut -d . -f 1 /proc/uptime)
  until "$@" >/dev/null 2>&1; do
    [ "$(($(cut -d . -f 1 /proc/uptime) - began))" -lt "$limit" ] || return 1
    sleep 1
  done
}
armed() { [ "$(journal | grep -c '^armed')" -gt "$1" ]; }
told() { journal | grep '"action":"load"' | grep -q "\"name\":\"$1\""; }
# health: prints the status and the blind or stalled parts.
health() {
  timeout 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/9464; printf 'GET /healthz HTTP/1.0\r\nHost: 127.0.0.1:9464\r\n\r\n' >&3; cat <&3" 2>/dev/null |
    tr -d '\r' | sed -n '1p;$p' | tr '\n' ' ' | cut -c 1-400
}
healthy() { health | grep -q ' 200 '; }
sick() { health | grep -q ' 503 '; }
restarts() { systemctl show -P NRestarts $unit; }
# Loads a module with a unique name.
loads=0
load() {
  loads=$((loads + 1))
  name=$(printf 'kt%s' "$loads" | tr 0-9 a-j)_x
  # The name replaces kw_plain everywhere in the module; both have eight characters.
  name=$(printf '%s' "${name}xxxxxxxx" | cut -c 1-8)
  LC_ALL=C sed "s/kw_plain/$name/g" /root/kw_plain.ko >"/dev/shm/$name.ko"
  insmod "/dev/shm/$name.ko" && rmmod "$name"
  rm "/dev/shm/$name.ko"
}
# expect_told WHAT: waits up to 90 s until the last load is reported.
expect_told() {
  if until_true 90 told "$name"; then echo "$1: told, restarts=$(restarts)"; else echo "$1: NOT TOLD $name, restarts=$(restarts)"; fi
}
# on_disk SIZE [MKFS OPTION]...: makes the state folder a separate file system with the mount
# options in $options; the service is started on it.
on_disk() {
  size=$1
  shift
  systemctl stop $unit
  umount $state 2>/dev/null
  rm -f /root/disk
  truncate -s "$size" /root/disk
  mkfs.ext4 -q -F "$@" /root/disk || echo "mkfs failed"
  mount -o "loop,errors=remount-ro${options:+,$options}" /root/disk $state || echo "mount failed"
  chown kmodwatch:kmodwatch $state
  before=$(journal | grep -c '^armed')
}
start_on() {
  systemctl start $unit
  if until_true 120 armed "$before"; then echo "$1: armed"; else echo "$1: NOT ARMED $(systemctl show -P ActiveState,Result $unit | tr '\n' ' ')"; fi
}
# kill_and_load WHAT [MORE]: makes a load while the service is killed; the next start must report
# it.
kill_and_load() {
  systemctl kill -s KILL $unit
  before=$(journal | grep -c '^armed')
  load
  if until_true 120 armed "$before"; then echo "$1: armed again"; else journal | tail -n 5; fi
  expect_told "$1: loaded while it was down${2:-}"
}
# start_empty: starts the service with an empty state folder.
start_empty() {
  systemctl stop $unit
  find $state -mindepth 1 -delete
  before=$(journal | grep -c '^armed')
  systemctl start $unit
  until_true 120 armed "$before"
}
off_disk() {
  systemctl stop $unit
  umount $state
}

mkdir -p /etc/kmodwatch
cat >/etc/kmodwatch/kmodwatch.env <<'END'
KMODWATCH_OPTIONS=--config /etc/kmodwatch/kmodwatch.yaml
END
cat >/etc/kmodwatch/kmodwatch.yaml <<END
listen: 9464
keep-images: {dir: $state/images, max: 8M}
history: {dir: $state/history, max-size: 16M}
spool: $state/spool
sinks:
  archive: {type: file, path: $state/archive.ndjson, format: loads}
END
dpkg --force-confold -i kmodwatch.deb >/dev/null || exit 3
if ! until_true 240 armed 0; then
  echo "first start: NOT ARMED"
  journal | tail -n 30
  free -m
  dmesg | grep -i 'killed process' | tail -n 3
  exit 3
fi
load
expect_told "first start"
echo "memory peak $(($(cat /sys/fs/cgroup/system.slice/$unit/memory.peak 2>/dev/null || echo 0) / 1024)) KiB"

case " $TRIALS " in
  *' small '*)
    free -m | sed 's/^/small: /'
    kwload storm 50 /root/kw_plain.ko kw_plain
    load
    expect_told "small: after 50 loads and unloads"
    echo "small: health $(health)"
    dmesg | grep -i 'out of memory' | tail -n 3
    ;;
esac

case " $TRIALS " in
  *' slow '*)
    insmod /root/kw_slow.ko ms=600000 &
    slow=$!
    slow_since=$(cut -d . -f 1 /proc/uptime)
    ;;
esac

case " $TRIALS " in
  *' inodes '*)
    on_disk 64M -N 128
    start_on "inodes"
    load
    expect_told "inodes: with some left"
    i=0
    while touch "$state/fill$i" 2>/dev/null; do i=$((i + 1)); done
    load
    expect_told "inodes: with none left"
    kill_and_load "inodes" ", with none left"
    rm -f $state/fill*
    load
    expect_told "inodes: with room again"
    until_true 60 healthy
    echo "inodes: health $(health)"
    off_disk
    on_disk 64M -N 16
    i=0
    while touch "$state/fill$i" 2>/dev/null; do i=$((i + 1)); done
    start_on "inodes: a first start with none"
    load
    expect_told "inodes: after a first start with none"
    echo "inodes: health $(health)"
    rm -f $state/fill*
    until_true 60 healthy
    load
    expect_told "inodes: after that, with some"
    echo "inodes: health $(health)"
    off_disk
    ;;
esac

case " $TRIALS " in
  *' quota '*)
    options=usrquota
    on_disk 64M -O quota
    options=
    start_on "quota"
    load
    expect_told "quota: without"
    # quotactl(QCMD(Q_SETQUOTA, USRQUOTA), device, uid, {blocks of 1 KiB, ...}): the limit is the
    # current use and 16 KiB.
    device=$(findmnt -n -o SOURCE $state)
    set_quota() {
      perl -e 'my ($dev, $uid, $kib) = @ARGV; my $q = pack("Q8L", $kib, $kib, 0, 0, 0, 0, 0, 0, 1);
        syscall(179, 0x80000800, $dev, $uid + 0, $q) == 0 or print "quotactl: $!\n";' "$device" "$(id -u kmodwatch)" "$1"
    }
    set_quota "$(($(du -sk $state | cut -f 1) + 16))"
    for i in $(seq 20); do load; done
    expect_told "quota: over it"
    until_true 30 sick
    echo "quota: health $(health)"
    set_quota 1000000
    load
    expect_told "quota: raised"
    until_true 60 healthy
    echo "quota: health $(health)"
    echo "quota: in the history $(kmodwatch history --limit all -o loads 2>/dev/null | grep -c '"action":"load"'), in the archive $(grep -c '"action":"load"' $state/archive.ndjson)"
    off_disk
    ;;
esac

case " $TRIALS " in
  *' flakey '*)
    for mode in error_writes drop_writes error_reads all; do
      systemctl stop $unit
      rm -f /root/disk
      truncate -s 64M /root/disk
      mkfs.ext4 -q -F /root/disk
      loop=$(losetup -f --show /root/disk)
      sectors=$(blockdev --getsz "$loop")
      dmsetup create kwflakey --table "0 $sectors linear $loop 0"
      mount -o errors=remount-ro /dev/mapper/kwflakey $state || echo "mount failed"
      chown kmodwatch:kmodwatch $state
      before=$(journal | grep -c '^armed')
      start_on "flakey $mode"
      load
      expect_told "flakey $mode: while the disk was well"
      case $mode in
        all) table="0 $sectors flakey $loop 0 0 1000" ;;
        *) table="0 $sectors flakey $loop 0 0 1000 1 $mode" ;;
      esac
      dmsetup suspend --nolockfs kwflakey && dmsetup load kwflakey --table "$table" && dmsetup resume kwflakey || echo "dmsetup failed"
      echo 3 >/proc/sys/vm/drop_caches
      for i in 1 2 3; do load; sleep 3; done
      expect_told "flakey $mode: while it was not"
      until_true 30 sick
      echo "flakey $mode: health $(health)"
      kill_and_load "flakey $mode"
      echo "flakey $mode: health $(health)"
      dmsetup suspend --nolockfs kwflakey && dmsetup load kwflakey --table "0 $sectors linear $loop 0" && dmsetup resume kwflakey
      systemctl stop $unit
      umount $state || umount -l $state
      fsck.ext4 -fy /dev/mapper/kwflakey >/dev/null 2>&1
      mount -o errors=remount-ro /dev/mapper/kwflakey $state || echo "mount failed"
      before=$(journal | grep -c '^armed')
      start_on "flakey $mode: repaired"
      load
      expect_told "flakey $mode: repaired"
      until_true 60 healthy
      echo "flakey $mode: health $(health)"
      systemctl stop $unit
      umount $state
      dmsetup remove --retry kwflakey
      losetup -d "$loop"
    done
    systemctl start $unit
    ;;
esac

case " $TRIALS " in
  *' newer '*)
    systemctl stop $unit
    # Changes every state file as if a later version wrote it: SQLite's user_version is at byte 60.
    for file in reported reading fatal pins watched modules; do
      [ ! -e $state/$file ] || sed -i '1s,/1,/9,' $state/$file
    done
    find $state -name '*.db' -o -name '*.sqlite' | while read -r file; do
      printf '\0\0\0\143' | dd of="$file" bs=1 seek=60 conv=notrunc status=none
      echo "newer: $file"
    done
    before=$(journal | grep -c '^armed')
    start_on "newer"
    load
    expect_told "newer"
    journal | tail -n 60 | grep -i 'later\|version' | sort -u | head -n 8
    ls $state
    echo "newer: health $(health)"
    ;;
esac

case " $TRIALS " in
  *' garbage '*)
    # Every state file is replaced by something else. Its folders are options: if one is not a
    # folder, the status is 64.
    for kind in random empty zeros folder fifo link endless; do
      start_empty
      load
      expect_told "garbage $kind: before"
      systemctl stop $unit
      find $state -type f | sort >/root/kept
      while read -r file; do
        rm -f "$file"
        case $kind in
          random) head -c 70000 /dev/urandom >"$file" ;;
          empty) : >"$file" ;;
          zeros) head -c 8192 /dev/zero >"$file" ;;
          folder) mkdir "$file" && touch "$file/x" ;;
          fifo) mkfifo "$file" ;;
          link) ln -s /etc/shadow "$file" ;;
          endless) ln -s /dev/zero "$file" ;;
        esac
      done </root/kept
      chown -hR kmodwatch:kmodwatch $state
      sum=$(sha256sum </etc/shadow)
      before=$(journal | grep -c '^armed')
      start_on "garbage $kind"
      load
      expect_told "garbage $kind"
      kill_and_load "garbage $kind"
      [ "$sum" = "$(sha256sum </etc/shadow)" ] || echo "garbage $kind: a file behind a link is NOT as it was"
      echo "garbage $kind: health $(health)"
      find $state -maxdepth 1 -printf "garbage $kind: %y %s %f\n"
    done
    start_empty
    ;;
esac

case " $TRIALS " in
  *' second '*)
    # refused WHAT ARGUMENT...: checks that a second agent ends with 75, and prints its reason.
    refused() {
      what=$1
      shift
      timeout 60 kmodwatch watch "$@" >/root/second 2>&1
      status=$?
      [ $status = 75 ] || echo "second $what: NOT REFUSED"
      echo "second $what: status $status: $(tail -n 1 /root/second | cut -c 1-300)"
    }
    refused "with its state" --state $state --pin /sys/fs/bpf/second
    refused "with its pins" --state /root/second-state --pin /sys/fs/bpf/kmodwatch
    ls /sys/fs/bpf
    load
    expect_told "second"
    ;;
esac

case " $TRIALS " in
  *' tiny '*)
    systemctl stop $unit
    mount -t tmpfs -o size=64k none $state
    chown kmodwatch:kmodwatch $state
    before=$(journal | grep -c '^armed')
    start_on "tiny"
    for i in $(seq 30); do load; done
    expect_told "tiny: when it is full"
    echo "tiny: health $(health)"
    kill_and_load "tiny"
    echo "tiny: health $(health)"
    mount -o remount,size=64m $state
    until_true 60 healthy
    load
    expect_told "tiny: with room"
    echo "tiny: health $(health)"
    off_disk
    systemctl start $unit
    ;;
esac

case " $TRIALS " in
  *' slow '*)
    wait "$slow"
    echo "slow: returned after $(($(cut -d . -f 1 /proc/uptime) - slow_since)) s"
    sleep 15
    journal | grep '"name":"kw_slow"' | sed 's/"image".*//' | cut -c 1-600
    grep -h '"KMW-1009"' $state/*.ndjson | head -n 3
    ;;
esac

journal | grep -v '^{' | tail -n 400 >out/service.log
journal | grep '^{' >out/loads.ndjson
echo end
