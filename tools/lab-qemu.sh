#!/usr/bin/env bash
# Gives the lab a qemu whose emulated processors may change code that others of them run: build/lab/qemu, where the installed one
# is older than 8.1. Before that, what a processor translates while another one writes to it stays in use as it was; a guest with
# two of them then dies now and then, its kernel by "Oops: int3" and its JVM by SIGSEGV or SIGILL. From Debian's backports,
# unpacked and not installed. If that cannot be had it says so once, and the lab goes on with the installed one. Needs no root;
# with everything there it uses no network.
# Exit status: 0 done, 69 something is missing (the message names it and the remedy).
set -euo pipefail
umask 022
export LC_ALL=C

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab=$home/build/lab
# shellcheck source=tools/debs.sh
source "${BASH_SOURCE[0]%/*}/debs.sh"

say() { printf 'lab: %s\n' "$*" >&2; }
die() {
  say "$@"
  exit 69
}

# Whether the qemu PROGRAM starts, and is 8.1 or newer.
is_new_enough() {
  local major minor
  read -r major minor < <("$1" --version | sed -n '1s/.*version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p') || return 1
  ((major > 8 || (major == 8 && minor >= 1)))
}

# What it is linked with comes with the installed one.
fetch() { # FOLDER
  debs_from bookworm-backports "$1"
  unpack_debs qemu "$1" qemu-system-x86 qemu-system-common qemu-system-data seabios
  is_new_enough "$1/unpacked/usr/bin/qemu-system-x86_64"
}

installed=$(command -v qemu-system-x86_64) || die "qemu-system-x86_64 is not installed; remedy: apt-get install qemu-system-x86"
if is_new_enough "$installed"; then exit; fi
key=$(cat "${BASH_SOURCE[0]}" "$debs_script" | sha256sum)
if [ -e "$lab/qemu/ready" ] && [ "$(cat "$lab/qemu/ready")" = "$key" ]; then exit; fi

mkdir -p "$lab/tmp"
work=$(mktemp -d "$lab/tmp/qemu.XXXXXX")
trap 'rm -rf "$work"' EXIT
say 'fetching a newer qemu'
if ! (fetch "$work"); then
  say "goes on with $installed, which is older than 8.1: its guests crash now and then; remedy: install a newer one," \
    "or rm -r $lab/qemu to try again"
  rm -rf "$work/unpacked"
  mkdir "$work/unpacked"
fi
printf '%s\n' "$key" >"$work/unpacked/ready"
chmod 755 "$work/unpacked"
rm -rf "$lab/qemu"
mv "$work/unpacked" "$lab/qemu"
