# shellcheck shell=bash
# Programs of Debian's packages, fetched and unpacked but not installed. For scripts that source it, which have die() MESSAGE.

# Whoever keeps what was made knows by this whether it is of these lines.
# shellcheck disable=SC2034 # for whoever sources this
debs_script=${BASH_SOURCE[0]}

# What apt-get is given before anything else.
# apt's warning that root downloads unsandboxed is of no use to anyone here.
debs_options=(-q -o APT::Sandbox::User=root)

# debs_from SUITE FOLDER: what follows comes from a suite of Debian's that apt may not know, whose lists go into FOLDER.
debs_from() {
  local mirror lists=$2/lists sources=$2/sources.list
  # shellcheck disable=SC2016 # apt-get expands it
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | head -n 1)
  mkdir -p "$lists/partial"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "${mirror:-http://deb.debian.org/debian}" "$1" >"$sources"
  debs_options+=(-o Dir::Etc::SourceList="$sources" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  apt-get "${debs_options[@]}" update >"$2/log" 2>&1 || {
    tail -n 5 "$2/log" >&2
    die "could not read Debian's list of $1; remedy: check the network"
  }
}

# unpack_debs WHAT FOLDER PACKAGE…: puts what is in the packages into FOLDER/unpacked.
unpack_debs() {
  local what=$1 folder=$2 deb
  shift 2
  mkdir -p "$folder"/{debs,unpacked}
  (cd "$folder/debs" && apt-get "${debs_options[@]}" download "$@") >"$folder/log" 2>&1 || {
    tail -n 5 "$folder/log" >&2
    die "could not download $what; remedy: on Debian 12, check the network, then run: sudo apt-get update"
  }
  for deb in "$folder"/debs/*.deb; do
    dpkg -x "$deb" "$folder/unpacked"
  done
}

# debs_libraries UNPACKED: where its libraries are, for LD_LIBRARY_PATH.
debs_libraries() { printf '%s\n' "$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu"; }

# gather UNPACKED ROOT PROGRAM…: copies programs, and what they are linked with but for the C library, into a guest's ROOT.
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

# pack ROOT TAR: makes what is unpacked at a guest's root.
pack() {
  tar -C "$1" --owner=0 --group=0 --numeric-owner -cf "$2.new" .
  mv "$2.new" "$2"
}
