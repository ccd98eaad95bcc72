#!/usr/bin/env bash
# Records the cgroups of processes in real container runtimes, and the files that name the
# containers.
#
#   record-containers.sh KERNEL OUT
#
# Boots Debian 12 with its docker.io, containerd and podman in qemu, once with cgroup version 2 and
# once with version 1, and runs containers there by each (record-containers/guest.sh). KERNEL is a
# folder with boot/vmlinuz-* and lib/modules/*, NVMe and ext4 built in: build/lab/kernels/6.1 of the
# lab. OUT is created, with
#
#   VERSIONS                 the versions of the programs
#   v2/CASE/, v1/CASE/       a container each:
#     id, name               the runtime's id and name of it
#     cgroup                 /proc/PID/cgroup of its main process, as seen from the host
#     monitor, monitor-cgroup    name and cgroup of the process that watches it, its parent
#     sub-cgroup             of a process that it moved into a lower cgroup, if it did
#     var/…, run/…, home/…   the runtime's files, at their own paths
#
# Needs root (for the root file system's owners), Debian's mirror, and mmdebstrap, e2fsprogs, kmod,
# systemd, qemu-system-x86. Uses no network in the guest, and no containers outside. Takes 5 minutes
# on two cores without KVM.
# Exit status: 0 all cases recorded; 1 some failed, whose names are printed.
set -euo pipefail
umask 022
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'record-containers: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

(($# == 2)) || die "usage: record-containers.sh KERNEL OUT"
kernel=$1 out=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/record-containers
((UID == 0)) || die "needs root"
[[ ! -e $out ]] || die "$out is there already"
for program in mmdebstrap mke2fs depmod systemctl qemu-system-x86_64; do
  command -v "$program" >/dev/null || die "$program is not installed"
done
vmlinuz=("$kernel"/boot/vmlinuz-*)
modules=("$kernel"/lib/modules/*)
[[ ${#vmlinuz[@]} == 1 && -r ${vmlinuz[0]} && ${#modules[@]} == 1 && -d ${modules[0]} ]] || die "no kernel in $kernel"
release=${modules[0]##*/}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "making the root file system"
packages=(
  systemd-sysv udev dbus dbus-user-session libpam-systemd kmod procps
  docker.io containerd runc iptables podman crun conmon catatonit uidmap
  busybox-static curl protobuf-compiler
)
mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "false"' \
  --include="$(IFS=, && printf '%s' "${packages[*]}")" \
  --customize-hook="chroot \"\$1\" useradd --create-home --shell /bin/bash user" \
  bookworm "$work/root" \
  'deb http://deb.debian.org/debian bookworm main' \
  'deb http://deb.debian.org/debian bookworm-updates main' \
  'deb http://deb.debian.org/debian-security bookworm-security main'
root=$work/root
mkdir -p "$root/usr/lib/modules"
cp -a "${modules[0]}" "$root/usr/lib/modules/"
depmod -b "$root" "$release"
echo overlay >"$root/etc/modules-load.d/record.conf"
echo recorder >"$root/etc/hostname"
: >"$root/etc/fstab"
mkdir "$root/record"
cp "$here/guest.sh" "$here/cri.proto" "$root/record/"
cp "$here/record.service" "$here/web.service" "$root/etc/systemd/system/"
systemctl --quiet --root="$root" set-default multi-user.target
systemctl --quiet --root="$root" enable record.service
# Unneeded units cost minutes without KVM. Each case starts Docker with its own settings.
systemctl --quiet --root="$root" disable docker.service docker.socket
systemctl --quiet --root="$root" mask podman.socket podman.service podman-auto-update.service podman-auto-update.timer \
  podman-restart.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service fstrim.timer systemd-pstore.service getty@tty1.service serial-getty@ttyS0.service \
  systemd-networkd-wait-online.service systemd-timesyncd.service
truncate --size=3G "$work/root.ext4"
mke2fs -q -t ext4 -d "$root" "$work/root.ext4"

mkdir -p "$out"
failed=()
record() { # HIERARCHY KERNEL_ARGUMENT...
  local hierarchy=$1 log=$out/$1.log name
  shift
  say "recording $hierarchy"
  : >"$work/results"
  truncate --size=64M "$work/results"
  # Two namespaces of one controller have a fixed order, so the kernel cannot number them
  # differently. The root file system is unchanged for each boot.
  timeout 1500 qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 4096 -nographic -no-reboot -nodefaults \
    -serial file:"$log" -net none -kernel "${vmlinuz[0]}" \
    -append "root=/dev/nvme0n1 rw console=ttyS0 quiet panic=-1 apparmor=0 $*" \
    -drive if=none,id=root,format=raw,snapshot=on,file="$work/root.ext4" \
    -drive if=none,id=results,format=raw,file="$work/results" \
    -device nvme,id=nvme,serial=record \
    -device nvme-ns,bus=nvme,drive=root,nsid=1 -device nvme-ns,bus=nvme,drive=results,nsid=2 ||
    die "qemu failed; the guest's console is in $log"
  mkdir "$out/$hierarchy"
  tar -C "$out/$hierarchy" --no-same-owner --no-same-permissions -xf "$work/results" ||
    die "the guest wrote no results; its console is in $log"
  {
    printf '== %s\n' "$hierarchy"
    cat "$out/$hierarchy/VERSIONS"
  } >>"$out/VERSIONS"
  while read -r name; do
    failed+=("$hierarchy/$name")
  done <"$out/$hierarchy/FAILED"
  rm "$out/$hierarchy/VERSIONS" "$out/$hierarchy/FAILED"
}
record v2 systemd.unified_cgroup_hierarchy=1
record v1 systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller
((${#failed[@]} == 0)) || die "failed: ${failed[*]}; the guests' consoles are in $out/*.log"
rm "$out"/*.log
say "recorded in $out"
