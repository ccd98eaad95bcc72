#!/bin/sh
# The guest's first process: mounts what there is to mount, starts the sensor, runs the script, hands over the results.
# ttyS0 is the kernel's console, ttyS1 is what the script prints, ttyS2 tells the host how far this has come, and the
# first NVMe disk takes the results. Where NVMe is a module it is loaded once all is over, so that no module is loaded
# that the script did not load.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mkdir -p /proc /sys /dev /run /tmp /out /root /etc /var/tmp /home
chmod 1777 /tmp /var/tmp
chmod 755 /
chmod 700 /root
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o nosuid devtmpfs /dev
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /tmp
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
mount -t devpts -o nosuid,noexec devpts /dev/pts
mount -t securityfs securityfs /sys/kernel/security
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin' >/etc/passwd
echo 'root:x:0:
nogroup:x:65534:' >/etc/group
echo '127.0.0.1 localhost kmodwatch-lab' >/etc/hosts
echo kmodwatch-lab >/etc/hostname
hostname kmodwatch-lab
ip link set lo up
# Only now, so that the kernel found none while it booted and no module is loaded yet.
ln -s ../bin/kmod /usr/sbin/modprobe

lab_sensor=no lab_arm_seconds=0 lab_drain_seconds=0
# shellcheck source=/dev/null
. /lab/parameters
stty -F /dev/ttyS1 raw -echo
stty -F /dev/ttyS2 raw -echo

tell() {
  echo "$*" >/dev/ttyS2
}

wait_for_disk() {
  tries=0
  while [ ! -b /dev/nvme0n1 ]; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || return 1
    sleep 0.1
  done
}

hand_over() {
  # What Java writes where it crashes: the agent here, the script's own in /root.
  for crash in /hs_err_pid*.log /root/hs_err_pid*.log; do
    [ -e "$crash" ] || continue
    head -n 40 "$crash" >/dev/ttyS1
    cp "$crash" /out/
  done
  modprobe nvme
  wait_for_disk || tell 'failed the disk for the results did not appear'
  (
    cd /out || exit
    for file in *; do
      [ -f "$file" ] || continue
      printf 'file %s %s\n' "$(stat -c %s "$file")" "$file"
      cat "$file"
    done
    echo end
  ) | dd of=/dev/nvme0n1 bs=1M iflag=fullblock conv=fsync 2>/run/dd.log && tell results
  poweroff -f
}

give_up() {
  tell "failed $*"
  hand_over
}

# sensor_ended WHEN: with its last words.
sensor_ended() {
  give_up "the sensor ended with status $(cat /run/agent.status)$1; its last line: $(tail -n 1 /out/agent.log)"
}

# --add: one line an index, the mode and the place, which may have any character but a newline.
while read -r index mode place; do
  if ! { mkdir -p "${place%/*}" && cp "/lab/add/$index" "$place" && chmod "$mode" "$place"; }; then
    give_up "could not put a file at $place"
  fi
done </lab/add.list
rm -rf /lab/add

if grep -q '/nvme\.ko$' "/lib/modules/$(uname -r)/modules.builtin"; then
  wait_for_disk || give_up 'the disk for the results did not appear'
fi

if [ "$lab_sensor" = yes ]; then
  (
    # shellcheck disable=SC2016 # that shell expands it
    sh -c 'echo $$ >/run/agent.pid
      exec kmodwatch watch -o table --record /out --listen 9464' </dev/null >/out/table.txt 2>/out/agent.log
    echo $? >/run/agent.status
  ) &
  tries=0
  until grep -q '^armed' /out/agent.log 2>/dev/null; do
    [ ! -e /run/agent.status ] || sensor_ended ' before it was armed'
    tries=$((tries + 1))
    [ "$tries" -le $((lab_arm_seconds * 10)) ] || give_up "the sensor was not armed after $lab_arm_seconds s"
    sleep 0.1
  done
fi

tell armed
cd /root || give_up 'no /root'
sh /lab/script </dev/null >/dev/ttyS1 2>&1
status=$?
cd /
tell "script $status"

if [ "$lab_sensor" = yes ]; then
  [ ! -e /run/agent.status ] || sensor_ended ' while the script ran'
  kill -TERM "$(cat /run/agent.pid)"
  tries=0
  while [ ! -e /run/agent.status ]; do
    tries=$((tries + 1))
    [ "$tries" -le $((lab_drain_seconds * 10)) ] || give_up "the sensor did not end $lab_drain_seconds s after SIGTERM"
    sleep 0.1
  done
  case $(cat /run/agent.status) in
    0 | 143) ;;
    *) sensor_ended '' ;;
  esac
fi
hand_over
