#!/usr/bin/env bash
# Builds the files that the bench copies into its guests: auditd (tools/lab-auditd.sh) and bpftrace,
# from Debian's packages, and the bench's own program kwbench. Leaves auditd.tar, which contains
# kwbench, and bpftrace.tar in build/bench, to be unpacked at the guest's root. Needs no root,
# installs nothing.
# Exit status: 0 done, 69 something is missing (the message names it and the remedy).
set -euo pipefail
umask 022
export LC_ALL=C

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bench=$home/build/bench
source=$home/bench/src/guest/kwbench.c
# shellcheck source=tools/debs.sh
source "${BASH_SOURCE[0]%/*}/debs.sh"

# The list has all linked libraries, except the parts of the C library that the guest has.
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
key=$(cat "${BASH_SOURCE[0]}" "$home/tools/lab-auditd.sh" "$debs_script" "$source" | sha256sum)
if [ -e "$bench/auditd.tar" ] && [ -e "$bench/bpftrace.tar" ] && [ "$(cat "$bench/peers.key" 2>&1)" = "$key" ]; then exit 0; fi
rm -f "$bench/peers.key"

work=$(mktemp -d "$bench/peers.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/auditd"
tar -C "$work/auditd" -xf "$home/build/lab/auditd.tar"

say "fetching bpftrace"
unpack_debs bpftrace "$work" "${packages[@]}"
gather "$work/unpacked" "$work/bpftrace" usr/bin/bpftrace
gcc -static -O2 -Wall -Wextra -Werror -o "$work/auditd/usr/bin/kwbench" "$source" ||
  die "kwbench does not build; the compiler's lines are above (it needs the static C library: apt-get install libc6-dev)"
pack "$work/auditd" "$bench/auditd.tar"
pack "$work/bpftrace" "$bench/bpftrace.tar"
printf '%s\n' "$key" >"$bench/peers.key"
