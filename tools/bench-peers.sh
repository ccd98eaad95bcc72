#!/usr/bin/env bash
# Makes what the bench brings into its guests: auditd (tools/lab-auditd.sh) and bpftrace, from Debian's packages, and the
# bench's own program kwbench. Leaves auditd.tar, with kwbench in it, and bpftrace.tar in build/bench, to be unpacked at the guest's root.
# Needs no root, installs nothing.
# Exit status: 0 done, 69 something is missing (the message names it and the remedy).
set -euo pipefail
umask 022
export LC_ALL=C

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bench=$home/build/bench
source=$home/bench/src/guest/kwbench.c

# With all that they are linked with but what the guest has of the C library.
packages=(
  bpftrace libbpf1 libbpfcc libbsd0 libbz2-1.0 libclang1-14 libdw1 libedit2 libelf1 libffi8 libgcc-s1 libicu72 libllvm14
  liblzma5 libmd0 libstdc++6 libtinfo6 libxml2 libz3-4 zlib1g
)

say() { printf 'bench: %s\n' "$*" >&2; }
die() {
  printf 'bench: %s\n' "$*" >&2
  exit 69
}
need() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null || die "$1 is not installed; remedy: apt-get install $2"
}

need apt-get apt
need dpkg dpkg
need gcc gcc
mkdir -p "$bench"
"$home/tools/lab-auditd.sh"
key=$(cat "${BASH_SOURCE[0]}" "$home/tools/lab-auditd.sh" "$source" | sha256sum)
if [ -e "$bench/auditd.tar" ] && [ -e "$bench/bpftrace.tar" ] && [ "$(cat "$bench/peers.key" 2>&1)" = "$key" ]; then exit 0; fi
rm -f "$bench/peers.key"

work=$(mktemp -d "$bench/peers.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{debs,unpacked,auditd}
tar -C "$work/auditd" -xf "$home/build/lab/auditd.tar"

say "fetching bpftrace"
# apt's warning that root downloads unsandboxed is of no use to anyone here.
(cd "$work/debs" && apt-get -q -o APT::Sandbox::User=root download "${packages[@]}") >"$work/log" 2>&1 || {
  tail -n 5 "$work/log" >&2
  die "could not download them; remedy: on Debian 12, check the network, then run: sudo apt-get update"
}
for deb in "$work"/debs/*.deb; do
  dpkg -x "$deb" "$work/unpacked"
done

# gather ROOT PROGRAM...: the programs, and what they are linked with.
gather() {
  local root=$work/$1 library
  shift
  mkdir -p "$root"/usr/{bin,sbin,lib/x86_64-linux-gnu}
  LD_LIBRARY_PATH=$PWD/usr/lib/x86_64-linux-gnu:$PWD/lib/x86_64-linux-gnu ldd "$@" >"$work/ldd"
  ! grep 'not found' "$work/ldd" >&2 || die "a library is missing, see above; remedy: add its package to tools/bench-peers.sh"
  sed -n 's,.* => \(/[^ ]*\) .*,\1,p' "$work/ldd" | grep -v -E '/lib(c|m|dl|pthread|rt)\.so' | sort -u | while read -r library; do
    cp -L "$library" "$root/usr/lib/x86_64-linux-gnu/"
  done
  cp "$@" "$root/usr/bin/"
}

pack() { # NAME
  tar -C "$work/$1" --owner=0 --group=0 --numeric-owner -cf "$bench/$1.tar.new" .
  mv "$bench/$1.tar.new" "$bench/$1.tar"
}

cd "$work/unpacked"
gather bpftrace usr/bin/bpftrace
gcc -static -O2 -Wall -Wextra -Werror -o "$work/auditd/usr/bin/kwbench" "$source" ||
  die "kwbench does not build; the compiler's lines are above (it needs the static C library: apt-get install libc6-dev)"
pack auditd
pack bpftrace
printf '%s\n' "$key" >"$bench/peers.key"
