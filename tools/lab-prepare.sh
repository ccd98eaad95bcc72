#!/usr/bin/env bash
# Fetches and builds the parts of the lab's guests, into build/lab. Needs no root.
#
#   tools/lab-prepare.sh [--lib DIR] [--package NAME]... [--debian] [--firmware] [KERNEL...]
#
# KERNEL is a name from kernels.properties (default: all of them; with --debian, those of its
# image). With --lib DIR it also makes the guest's Java run-time image, with only the JDK modules
# that the jars in DIR use. With --package NAME it also unpacks the newest kernel that this Debian
# package depends on, to read and not to boot. With --debian it also makes an image of a whole
# Debian 12 with systemd and the KERNELs' modules, for tests that busybox cannot do. With --firmware
# it also fetches a UEFI firmware for virtual machines, whose keys a kernel trusts. Existing parts
# are neither fetched nor built again; if everything is there, it uses no network. Progress goes to
# standard error.
# Exit status: 0 done, 64 wrong usage, 69 something is missing (the message names it and the
# remedy).
set -euo pipefail
umask 022
export LC_ALL=C
# depmod and ldconfig are in these folders, which are not on every user's path.
PATH=$PATH:/usr/sbin:/sbin

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab=$home/build/lab
catalog=$home/lab/src/main/resources/org/kmodwatch/lab/kernels.properties

say() { printf 'lab: %s\n' "$*" >&2; }
die() {
  local status=$1
  shift
  printf 'lab: %s\n' "$*" >&2
  exit "$status"
}
need() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null || die 69 "$1 is not installed; remedy: apt-get install $2"
}
kernel_names() { sed -n 's/^\([^#= ]*\) *=.*/\1/p' "$catalog"; }
meta_package() { sed -n "s/^${1//./\\.} *= *//p" "$catalog"; }

# Runs a command and shows its output only if it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# fetch DIR PACKAGE...: downloads the packages and unpacks them into DIR.
fetch() {
  local into=$1 debs deb
  shift
  need apt-get apt
  need dpkg dpkg
  debs=$(mktemp -d "$lab/tmp/debs.XXXXXX")
  # The option avoids apt's warning that root downloads without a sandbox.
  (cd "$debs" && quietly apt-get -q -o APT::Sandbox::User=root download "$@") ||
    die 69 "could not download $*; remedy: check the network, then run: sudo apt-get update"
  for deb in "$debs"/*.deb; do
    dpkg -x "$deb" "$into"
  done
  rm -rf "$debs"
}

# Prints the dependency of PACKAGE whose name matches the basic regular expression; nothing if apt
# does not know PACKAGE.
depends() { # PACKAGE PATTERN
  { apt-cache depends "$1" 2>/dev/null || true; } | sed -n "s/^ *Depends: \\($2\\)/\\1/p" | head -n 1
}

# Prints the kernel package that META depends on.
newest_image() { # META
  local image
  need apt-cache apt
  image=$(depends "$1" 'linux-image-[0-9].*')
  if [ -z "$image" ] && [ "$(id -u)" = 0 ]; then
    say "asking apt for its package lists, since it knows no $1"
    quietly apt-get -q update || true
    image=$(depends "$1" 'linux-image-[0-9].*')
  fi
  [ -n "$image" ] ||
    die 69 "apt knows no package $1; remedy: sudo apt-get update, on Debian 12 with bookworm-security"
  printf '%s' "$image"
}

# Unpacks the files of a kernel that is read and not booted.
prepare_package() { # META
  local meta=$1 image work
  local into=$lab/packages/$meta
  [ -e "$into/ready" ] && return
  image=$(newest_image "$meta")
  say "fetching $image, to read"
  work=$(mktemp -d "$lab/tmp/package.XXXXXX")
  fetch "$work" "$image"
  chmod 755 "$work"
  printf '%s\n' "package=$image" >"$work/ready"
  mkdir -p "$lab/packages"
  rm -rf "$into"
  mv "$work" "$into"
}

# Fetches a UEFI firmware. Machines read its code and get a copy of its variables.
prepare_firmware() {
  local work into=$lab/firmware
  [ -e "$into/ready" ] && return
  say "fetching a UEFI firmware"
  work=$(mktemp -d "$lab/tmp/firmware.XXXXXX")
  fetch "$work" ovmf
  [ -e "$work/usr/share/OVMF/OVMF_CODE_4M.fd" ] || die 69 "the package ovmf has no OVMF_CODE_4M.fd"
  : >"$work/ready"
  chmod 755 "$work"
  rm -rf "$into"
  mv "$work" "$into"
}

# Removes drivers of hardware that no virtual machine has: three quarters of the modules of a
# general kernel. Cloud kernels have NVMe built in.
without_hardware() { # FOLDER
  (cd "$1" && rm -rf sound drivers/{gpu,hid,hwmon,iio,infiniband,input,isdn,leds,media,mfd,mtd,platform,power,scsi,staging} \
    drivers/{thunderbolt,usb,video,watchdog} drivers/net/{can,dsa,ethernet,fddi,hamradio,usb,wan,wireless,wwan})
}

prepare_kernel() { # NAME
  local name=$1 meta image release version headers kbuild common work
  local into=$lab/kernels/$name
  [ -e "$into/ready" ] && return
  need depmod kmod
  meta=$(meta_package "$name")
  image=$(newest_image "$meta")
  release=${image#linux-image-}
  headers=linux-headers-$release
  kbuild=$(depends "$headers" 'linux-kbuild-.*')
  common=$(depends "$headers" 'linux-headers-.*-common')
  if [ -z "$kbuild" ] || [ -z "$common" ]; then
    die 69 "apt knows no package $headers; remedy: sudo apt-get update"
  fi
  version=$(apt-cache show "$image" | sed -n 's/^Version: //p' | head -n 1)

  say "kernel $name: fetching $image $version and its headers"
  work=$(mktemp -d "$lab/tmp/kernel.XXXXXX")
  fetch "$work" "$image" "$headers" "$common" "$kbuild"
  ! grep -qx CONFIG_BLK_DEV_NVME=m "$work/boot/config-$release" || without_hardware "$work/lib/modules/$release/kernel"
  say "kernel $name: indexing its modules"
  depmod -b "$work" "$release"
  # The headers refer to each other by absolute paths, which are wrong here.
  # shellcheck disable=SC2016 # make expands it
  printf 'include $(dir $(lastword $(MAKEFILE_LIST)))../%s/Makefile\n' "$common" >"$work/usr/src/$headers/Makefile"
  # With a vmlinux, the build would require pahole, to give the modules BTF that nothing here reads.
  rm -f "$work/usr/src/$headers/vmlinux"
  rm -rf "${work:?}/usr/share" "$into"
  chmod 755 "$work"
  printf '%s\n' "package=$image" "version=$version" "release=$release" >"$work/ready"
  mkdir -p "$lab/kernels"
  mv "$work" "$into"
}

# current STAMP KEY: succeeds if the files of STAMP were built from KEY.
current() { [ -e "$1" ] && [ "$(cat "$1")" = "$2" ]; }
hash_of() { cat "$@" | sha256sum | cut -c 1-32; }

prepare_modules() { # NAME
  local name=$1 sources=$home/lab/src/modules into=$lab/modules/$1 release key work
  release=$(sed -n 's/^release=//p' "$lab/kernels/$name/ready")
  key=$(hash_of "$lab/kernels/$name/ready" "$sources"/*)
  current "$into/ready" "$key" && return
  need make make
  need gcc-12 gcc-12
  case $lab in *[[:space:]:]*) die 69 "the kernel's build system cannot work in \"$lab\"; remedy: move the checkout to a path without spaces and colons" ;; esac
  say "kernel $name: building the test modules"
  work=$(mktemp -d "$lab/tmp/modules.XXXXXX")
  cp "$sources"/* "$work/"
  # kw_unresolved must have an unresolved symbol: kw_export, which defines it, is never loaded.
  quietly make -s -C "$lab/kernels/$name/usr/src/linux-headers-$release" M="$work" modules ||
    die 69 "the test modules do not build for kernel $name; the compiler's last lines are above"
  rm -rf "$into"
  mkdir -p "$into"
  strip --strip-debug "$work"/*.ko
  cp "$work"/*.ko "$into/"
  rm -rf "$work"
  printf '%s' "$key" >"$into/ready"
}

# with_libraries ROOT FILE...: copies the linked libraries of FILEs to the search path of the
# guest's linker.
with_libraries() {
  local root=$1 library
  shift
  { ldd "$@" 2>/dev/null || true; } | sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^\t\(\/[^ ]*\) .*/\1/p' | sort -u |
    while read -r library; do
      case $library in
        /lib64/*) cp -L "$library" "$root/usr/lib64/" ;;
        *) cp -L "$library" "$root/usr/lib/x86_64-linux-gnu/" ;;
      esac
    done
}

find_library() { # SONAME PACKAGE
  local path
  path=$(ldconfig -p | sed -n "s/^\t${1//./\\.} (libc6,x86-64) => //p" | head -n 1)
  [ -n "$path" ] || die 69 "$1 is not installed; remedy: apt-get install $2"
  printf '%s' "$path"
}

# Builds the part of the guest that is the same for all kernels: busybox, kmod, the C library,
# libbpf, kwload.
prepare_guest() {
  local into=$lab/guest busybox dash kmod libbpf libelf libz key work applet link library
  need busybox busybox-static
  need gcc gcc
  busybox=$(command -v busybox)
  ldd "$busybox" >/dev/null 2>&1 && die 69 "$busybox is not the static one; remedy: apt-get install busybox-static"
  dash=$(command -v dash) || die 69 "dash is not installed; remedy: apt-get install dash"
  kmod=$(command -v kmod) || die 69 "kmod is not installed; remedy: apt-get install kmod"
  libbpf=$(find_library libbpf.so.1 libbpf1)
  libelf=$(find_library libelf.so.1 libelf1)
  libz=$(find_library libz.so.1 zlib1g)
  library=$(find_library libc.so.6 libc6)
  key=$(hash_of "$home/tools/lab-prepare.sh" "$home"/lab/src/guest/* "$busybox" "$dash" "$kmod" "$libbpf" "$libelf" "$libz" "$library")
  current "$into/ready" "$key" && return
  say "gathering the guest's programs"
  work=$(mktemp -d "$lab/tmp/guest.XXXXXX")
  mkdir -p "$work"/root/usr/{bin,sbin,lib/x86_64-linux-gnu,lib64}
  for link in bin sbin lib lib64; do
    ln -s "usr/$link" "$work/root/$link"
  done
  cp "$busybox" "$work/root/usr/bin/busybox"
  for applet in $(busybox --list); do
    case $applet in
      busybox | sh | ash | hush | insmod | modprobe | rmmod | lsmod | modinfo | depmod) ;;
      *) ln -s busybox "$work/root/usr/bin/$applet" ;;
    esac
  done
  # busybox's own shell runs its own insmod, whatever PATH says.
  cp "$dash" "$work/root/usr/bin/dash"
  ln -s dash "$work/root/usr/bin/sh"
  cp "$kmod" "$work/root/usr/bin/kmod"
  # modprobe is left out: with it the kernel would load modules while it boots. init.sh makes that
  # link.
  for applet in insmod rmmod lsmod modinfo depmod; do
    ln -s ../bin/kmod "$work/root/usr/sbin/$applet"
  done
  cp -L "$libbpf" "$libelf" "$libz" "$work/root/usr/lib/x86_64-linux-gnu/"
  # The JDK's launcher and libraries are linked with these five.
  for library in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1; do
    cp -L "$(find_library "$library" libc6)" "$work/root/usr/lib/x86_64-linux-gnu/"
  done
  with_libraries "$work/root" "$dash" "$kmod" "$libbpf" "$libelf" "$libz"
  quietly gcc -static -O2 -Wall -Wextra -Werror -o "$work/root/usr/bin/kwload" "$home/lab/src/guest/kwload.c" ||
    die 69 "kwload does not build; the compiler's last lines are above (it needs the static C library: apt-get install libc6-dev)"
  printf '%s' "$key" >"$work/ready"
  chmod 755 "$work"
  rm -rf "$into"
  mv "$work" "$into"
}

prepare_runtime() { # DIR with jars
  local lib=$1 into=$lab/runtime java=${JAVA_HOME:-} key modules work
  [ -n "$java" ] || java=$(dirname "$(dirname "$(readlink -f "$(command -v javac || true)")")")
  [ -x "$java/bin/jlink" ] || die 69 "no jlink in \"$java/bin\": that is not a whole JDK; remedy: set JAVA_HOME to a JDK 25"
  ls "$lib"/*.jar >/dev/null 2>&1 || die 69 "no jars in $lib; remedy: mvn -pl lab -am package"
  key=$(hash_of "$home/tools/lab-prepare.sh" "$home/tools/build.sh" "$home/tools/PackJars.java" "$home"/packaging/java/* \
    "$java/release" "$lib"/*.jar)
  current "$into/ready" "$key" && return
  modules=$("$java/bin/jdeps" --ignore-missing-deps --multi-release 25 -q --print-module-deps "$lib"/*.jar) ||
    die 69 "jdeps cannot tell what the jars in $lib need"
  # The list of modules changes rarely, the jars with every build.
  if [ ! -e "$into/modules" ] || [ "$(cat "$into/modules")" != "$java $modules" ]; then
    say "making the guest's Java run-time image ($modules)"
    work=$(mktemp -d "$lab/tmp/runtime.XXXXXX")
    quietly "$java/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --generate-cds-archive \
      --output "$work/image" || die 69 "jlink failed; its last lines are above"
    printf '%s' "$java $modules" >"$work/modules"
    chmod 755 "$work"
    rm -rf "$into"
    mv "$work" "$into"
  fi
  prepare_agent "$java" "$into" "$lib"
  printf '%s' "$key" >"$into/ready"
}

# Builds the agent's jars and the ahead-of-time cache of their classes, as a package has them, and Java's options that go
# with both. With the cache a guest with an agent takes a third less processor time.
prepare_agent() { # JDK RUNTIME DIR with jars
  local jdk=$1 runtime=$2 jar jars=() path
  for jar in "$3"/*.jar; do
    [[ ${jar##*/} == kmodwatch-lab-* ]] || jars+=("$jar")
  done
  rm -rf "$runtime/agent" "$runtime/ready"
  mkdir -p "$runtime/agent/lib"
  cp "$home/packaging/java/common" "$runtime/agent/common"
  quietly "$jdk/bin/java" "$home/tools/PackJars.java" "$runtime/agent/lib" "$(date +%s)" "${jars[@]}" ||
    die 69 "the agent's jars cannot be made ready; the last lines are above"
  (
    # shellcheck source=tools/build.sh
    source "$home/tools/build.sh"
    path=$(class_path "$runtime"/agent/lib/*.jar)
    printf -- '-cp\n%s\n' "${path//"$runtime/agent"//opt/kmodwatch}" >"$runtime/agent/class-path"
    train linked "$runtime/image/bin/java" "$runtime/agent/kmodwatch.aot" "$runtime/agent.log" "$runtime"/agent/lib/*.jar
  ) || die 69 "no ahead-of-time cache came of it: $(tail -n 5 "$runtime/agent.log")"
}

# Builds an ext4 image of Debian with systemd, which a test boots and throws away. It has nothing of
# Kmodwatch: at each start it unpacks a tar from the disk with serial number "task" and runs its
# run.sh (lab/src/debian). The image is the same for everyone. Only cloud kernels boot a Debian
# without an initramfs.
readonly debian_kernels=(6.1 6.12)
prepare_debian() {
  local into=$lab/debian key work name root tree wrap=() fakeroot=()
  local packages=systemd-sysv,udev,kmod,procps,dbus
  local ready=()
  for name in "${debian_kernels[@]}"; do ready+=("$lab/kernels/$name/ready"); done
  key=$(hash_of "$home"/lab/src/debian/* "${ready[@]}" <(printf '%s\n' "$packages" 2))
  current "$into/ready" "$key" && return
  need mmdebstrap mmdebstrap
  need mke2fs e2fsprogs
  if [ "$(id -u)" != 0 ]; then
    need fakeroot fakeroot
    fakeroot=(fakeroot)
    wrap=(--mode=unshare)
  fi
  say "making a Debian 12 with systemd"
  work=$(mktemp -d "$lab/tmp/debian.XXXXXX")
  root=$work/root
  # mmdebstrap takes a machine's proxy or mirrors from apt's configuration.
  quietly mmdebstrap "${wrap[@]}" --quiet --variant=minbase --aptopt='APT::Install-Recommends "false"' \
    --include="$packages" bookworm "$work/root.tar" ||
    die 69 "mmdebstrap failed; its last lines are above; remedy: check the network, or run as root"
  mkdir "$root"
  # shellcheck disable=SC2016 # that shell expands it
  tree='set -e
    root=$1 image=$2 source=$3 lab=$4
    shift 4
    tar -C "$root" --exclude="./dev/*" -xf "$root.tar"
    mkdir -p "$root/usr/lib/modules"
    for name; do
      cp -r "$lab/kernels/$name/lib/modules/"* "$root/usr/lib/modules/"
    done
    chown -R 0:0 "$root/usr/lib/modules"
    cp "$source/lab-task.service" "$root/etc/systemd/system/"
    cp "$source/lab-task" "$root/usr/local/sbin/"
    chmod 755 "$root/usr/local/sbin/lab-task"
    echo kmodwatch-lab >"$root/etc/hostname"
    : >"$root/etc/fstab"
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -s ../lab-task.service "$root/etc/systemd/system/multi-user.target.wants/"
    ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
    # What is not needed takes long under emulation.
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
      fstrim.timer systemd-pstore.service getty@tty1.service serial-getty@ttyS0.service systemd-timesyncd.service; do
      ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
    truncate --size=1G "$image"
    mke2fs -q -t ext4 -d "$root" "$image"'
  quietly "${fakeroot[@]}" sh -c "$tree" sh "$root" "$work/root.ext4" "$home/lab/src/debian" "$lab" "${debian_kernels[@]}" ||
    die 69 "could not make the image; the last lines are above"
  rm -rf "$root" "$work/root.tar"
  printf '%s' "$key" >"$work/ready"
  chmod 755 "$work"
  rm -rf "$into"
  mv "$work" "$into"
}

lib=
debian=
firmware=
kernels=()
packages=()
while [ $# -gt 0 ]; do
  case $1 in
    --lib)
      [ $# -ge 2 ] || die 64 "--lib needs a folder"
      lib=$2
      shift
      ;;
    --package)
      [ $# -ge 2 ] || die 64 "--package needs the name of a Debian package, such as linux-image-amd64"
      packages+=("$2")
      shift
      ;;
    --debian)
      debian=yes
      kernels+=("${debian_kernels[@]}")
      ;;
    --firmware) firmware=yes ;;
    -*) die 64 "unknown option $1; usage: lab-prepare.sh [--lib DIR] [--package NAME]... [--debian] [--firmware] [KERNEL...]" ;;
    *)
      [ -n "$(meta_package "$1")" ] || die 64 "no kernel \"$1\"; there are: $(kernel_names | paste -sd ' ')"
      kernels+=("$1")
      ;;
  esac
  shift
done
[ ${#kernels[@]} -gt 0 ] || mapfile -t kernels < <(kernel_names)

mkdir -p "$lab/tmp"
# Only one run at a time: two builds of the same part would disturb each other.
exec 9>"$lab/lock"
flock 9
find "$lab/tmp" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
# Deletes the folders of runs whose JVM was killed. No run takes a day.
[ ! -d "$lab/work" ] || find "$lab/work" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf {} +
for kernel in "${kernels[@]}"; do
  prepare_kernel "$kernel"
  prepare_modules "$kernel"
done
for package in "${packages[@]}"; do
  prepare_package "$package"
done
prepare_guest
[ -z "$lib" ] || prepare_runtime "$lib"
[ -z "$debian" ] || prepare_debian
[ -z "$firmware" ] || prepare_firmware
