# shellcheck shell=bash
# Fetches and unpacks programs of Debian's packages without an installation. A script that sources
# this has a function die MESSAGE.

# Scripts compare this file with their results, to see whether these lines built them.
# shellcheck disable=SC2034 # for whoever sources this
debs_script=${BASH_SOURCE[0]}

# unpack_debs WHAT FOLDER PACKAGE…: unpacks the packages into FOLDER/unpacked.
unpack_debs() {
  local what=$1 folder=$2 deb
  shift 2
  mkdir -p "$folder"/{debs,unpacked}
  # The option avoids apt's warning that root downloads without a sandbox.
  (cd "$folder/debs" && apt-get -q -o APT::Sandbox::User=root download "$@") >"$folder/log" 2>&1 || {
    tail -n 5 "$folder/log" >&2
    die "could not download $what; remedy: on Debian 12, check the network, then run: sudo apt-get update"
  }
  for deb in "$folder"/debs/*.deb; do
    dpkg -x "$deb" "$folder/unpacked"
  done
}

# debs_libraries UNPACKED: prints the folders of its libraries, for LD_LIBRARY_PATH.
debs_libraries() { printf '%s\n' "$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu"; }

# gather UNPACKED ROOT PROGRAM…: copies programs and their linked libraries, except the C library,
# into a guest's ROOT.
gather() {
  local unpacked=$1 root=$2 linked library
  shift 2
  mkdir -p "$root"/usr/{bin,lib/x86_64-linux-gnu}
  linked=$(cd "$unpacked" && LD_LIBRARY_PATH=$(debs_libraries "$unpacked") ldd "$@")
  ! grep 'not found' <<<"$linked" >&2 || die "a library is missing, see above; remedy: add its package to $0"
  sed -n 's,.* => \(/[^ ]*\) .*,\1,p' <<<"$linked" | grep -v -E '/lib(c|m|dl|pthread|rt)\.so' | sort -u | while read -r library; do
    cp -L "$library" "$root/usr/lib/x86_64-linux-gnu/"
  done
  (cd "$unpacked" && cp "$@" "$root/usr/bin/")
}

# pack ROOT TAR: makes a tar to be unpacked at a guest's root.
pack() {
  tar -C "$1" --owner=0 --group=0 --numeric-owner -cf "$2.new" .
  mv "$2.new" "$2"
}
