# shellcheck shell=bash
# Sourced: finds the requirements of a task and installs missing ones. To find a JDK it reads its
# release file and never starts it, so that a start without work stays fast.

kmodwatch_root=$(CDPATH='' cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)
kmodwatch_min_jdk=25
# The JDK's folder; find_jdk and need set it.
kmodwatch_jdk=
kmodwatch_missing=()
kmodwatch_install=()
kmodwatch_as_root=()

readonly kmodwatch_exit_unavailable=69
readonly kmodwatch_exit_fault=70

say() {
  printf 'kmodwatch: %s\n' "$*" >&2
}

# fail STATUS LINE…
fail() {
  local status=$1
  shift
  printf 'kmodwatch: %s\n' "$1" >&2
  shift
  if (($#)); then printf '  %s\n' "$@" >&2; fi
  exit "$status"
}

# Succeeds if $1 is a complete JDK, with compiler and jlink, that is new enough.
is_jdk() {
  local line version=
  [[ -x $1/bin/javac && -x $1/bin/java && -x $1/bin/jlink && -r $1/release ]] || return 1
  while IFS= read -r line; do
    if [[ $line == JAVA_VERSION=* ]]; then
      version=${line#JAVA_VERSION=}
      version=${version//\"/}
    fi
  done <"$1/release"
  version=${version%%[!0-9]*}
  [[ -n $version ]] && ((version >= kmodwatch_min_jdk))
}

# Sets kmodwatch_jdk; fails if there is no JDK. The user's variable has priority, then the PATH,
# then the folders in which packages and archives install JDKs.
find_jdk() {
  local candidate command
  if [[ -n ${KMODWATCH_JAVA_HOME:-} ]]; then
    is_jdk "$KMODWATCH_JAVA_HOME" || fail "$kmodwatch_exit_unavailable" \
      "KMODWATCH_JAVA_HOME=$KMODWATCH_JAVA_HOME is not a JDK $kmodwatch_min_jdk or newer with javac and jlink; set it to one or unset it"
    kmodwatch_jdk=$KMODWATCH_JAVA_HOME
    return 0
  fi
  if [[ -n ${JAVA_HOME:-} ]] && is_jdk "$JAVA_HOME"; then
    kmodwatch_jdk=$JAVA_HOME
    return 0
  fi
  for command in javac java; do
    candidate=$(type -P "$command") || continue
    [[ ! -L $candidate ]] || candidate=$(readlink -f -- "$candidate")
    candidate=${candidate%/bin/*}
    if is_jdk "$candidate"; then
      kmodwatch_jdk=$candidate
      return 0
    fi
  done
  # Only tools/test-setup.sh sets KMODWATCH_JDK_FOLDERS.
  local -a folders=("$kmodwatch_root/build/jdk" /usr/lib/jvm/* /opt/*)
  [[ -z ${KMODWATCH_JDK_FOLDERS:-} ]] || folders=("$KMODWATCH_JDK_FOLDERS"/*)
  for candidate in "${folders[@]}"; do
    if is_jdk "$candidate"; then
      kmodwatch_jdk=$candidate
      return 0
    fi
  done
  return 1
}

# Prints the requirements of a group: a Debian package and tests for its content. The first test is
# enough.
#   command:NAME   on the PATH          file:PATH   readable       library:NAME   in a library folder
packages_of() {
  case $1 in
    build)
      printf '%s\n' \
        'maven command:mvn' \
        'clang command:clang' \
        'llvm command:llvm-strip' \
        'libbpf-dev file:/usr/include/bpf/bpf_helpers.h' \
        'linux-libc-dev file:/usr/include/linux/bpf.h' \
        'libbpf1 library:libbpf.so.1'
      ;;
    lab)
      printf '%s\n' \
        'qemu-system-x86 command:qemu-system-x86_64' \
        'busybox-static static:busybox' \
        'kmod command:kmod' \
        'gcc command:gcc' \
        'gcc-12 command:gcc-12' \
        'libc6-dev file:/usr/include/stdio.h' \
        'make command:make'
      ;;
    verify)
      printf '%s\n' 'shellcheck command:shellcheck' 'mandoc command:mandoc'
      ;;
    bench)
      printf '%s\n' 'jq command:jq' 'time file:/usr/bin/time'
      ;;
    packages)
      printf '%s\n' \
        'rpm command:rpmbuild' \
        'mmdebstrap command:mmdebstrap' \
        'e2fsprogs file:/sbin/mke2fs' \
        'binutils command:objdump'
      ;;
    *)
      fail "$kmodwatch_exit_fault" "no such group of needs: group=$1"
      ;;
  esac
}

is_there() {
  local what=${1#*:} folder
  case $1 in
    command:*) type -P "$what" >/dev/null ;;
    file:*) [[ -r $what ]] ;;
    library:*)
      for folder in /usr/lib/*-linux-gnu* /lib/*-linux-gnu* /usr/lib64 /lib64 /usr/lib /lib; do
        [[ ! -e $folder/$what ]] || return 0
      done
      return 1
      ;;
    # A static program starts without a C library: it names no loader.
    static:*) what=$(type -P "$what") && ! grep -q -a -m1 '/ld-linux' "$what" ;;
  esac
}

# Sets kmodwatch_missing to the missing packages of the groups, and kmodwatch_jdk to a JDK or
# nothing. Fails if anything is missing.
look_for() {
  local group package test
  kmodwatch_missing=()
  kmodwatch_jdk=
  find_jdk || true
  for group in "$@"; do
    while read -r package test; do
      is_there "$test" || kmodwatch_missing+=("$package")
    done < <(packages_of "$group")
  done
  [[ -n $kmodwatch_jdk && ${#kmodwatch_missing[@]} == 0 ]]
}

has_candidate() {
  local line
  while IFS= read -r line; do
    if [[ $line == *Candidate:* && $line != *'(none)'* ]]; then return 0; fi
  done < <(LC_ALL=C apt-cache policy "$1" 2>/dev/null)
  return 1
}

# Sets kmodwatch_install to the packages that apt should install. Fails if apt knows no candidate
# for one of them.
plan_install() {
  local package
  kmodwatch_install=()
  if [[ -z $kmodwatch_jdk ]]; then
    # The JDK comes first, so that apt uses it as the Java that Maven depends on, and installs no
    # second.
    for package in openjdk-25-jdk-headless temurin-25-jdk; do
      if has_candidate "$package"; then
        kmodwatch_install=("$package")
        break
      fi
    done
    ((${#kmodwatch_install[@]})) || return 1
  fi
  for package in "${kmodwatch_missing[@]}"; do
    has_candidate "$package" || return 1
    kmodwatch_install+=("$package")
  done
}

# Runs apt-get with its output in a log.
apt_get() {
  {
    printf -- '--- apt-get %s\n' "$*"
    "${kmodwatch_as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" </dev/null
  } >>"$kmodwatch_root/build/logs/setup.log" 2>&1
}

# Succeeds if packages can be installed here; sets kmodwatch_as_root to the prefix of apt-get.
may_install() {
  kmodwatch_as_root=()
  type -P apt-get >/dev/null && type -P apt-cache >/dev/null || return 1
  ((EUID == 0)) && return 0
  kmodwatch_as_root=(sudo -n)
  type -P sudo >/dev/null && sudo -n true 2>/dev/null
}

install_missing() {
  local updated=false
  mkdir -p "$kmodwatch_root/build/logs"
  if ! plan_install; then
    say "asking apt for its package lists"
    apt_get update || true
    updated=true
    plan_install || return 0
  fi
  say "installing ${kmodwatch_install[*]}"
  if apt_get install -y --no-install-recommends "${kmodwatch_install[@]}"; then return 0; fi
  if [[ $updated == false ]]; then
    say "asking apt for newer package lists, since that failed"
    apt_get update || true
    if apt_get install -y --no-install-recommends "${kmodwatch_install[@]}"; then return 0; fi
  fi
  tail -n 15 "$kmodwatch_root/build/logs/setup.log" >&2
  fail "$kmodwatch_exit_unavailable" \
    "apt-get could not install ${kmodwatch_install[*]}; all it said is in $kmodwatch_root/build/logs/setup.log"
}

# Prints all missing packages and the commands that install them.
report_missing() {
  local -a lines=()
  local names=
  if [[ -z $kmodwatch_jdk ]]; then
    names="a JDK $kmodwatch_min_jdk or newer"
    lines+=(
      "JDK, Debian 13 and later:"
      "  sudo apt-get install openjdk-25-jdk-headless"
      "JDK, Debian 12, from Adoptium's repository:"
      "  sudo apt-get install wget gpg"
      "  wget -qO- https://packages.adoptium.net/artifactory/api/gpg/key/public | sudo gpg --dearmor -o /etc/apt/trusted.gpg.d/adoptium.gpg"
      "  echo 'deb https://packages.adoptium.net/artifactory/deb bookworm main' | sudo tee /etc/apt/sources.list.d/adoptium.list"
      "  sudo apt-get update && sudo apt-get install temurin-25-jdk"
      "JDK, without root: unpack one as '$kmodwatch_root/build/jdk', or"
      "  export KMODWATCH_JAVA_HOME=/folder/of/the/jdk"
    )
  fi
  if ((${#kmodwatch_missing[@]})); then
    names+="${names:+, }${kmodwatch_missing[*]}"
    if type -P apt-get >/dev/null; then
      lines+=("Packages:" "  sudo apt-get install --no-install-recommends ${kmodwatch_missing[*]}")
    else
      lines+=("These are the names of Debian's packages; there is no apt here, so get them by the means of this system.")
    fi
  fi
  fail "$kmodwatch_exit_unavailable" "missing: $names" "${lines[@]}"
}

# need GROUP…: ensures a JDK and the groups' packages. Missing ones are installed at once if apt and
# the right to use it are there. Otherwise it prints them, with the commands that install them, and
# ends the script.
need() {
  if look_for "$@"; then return 0; fi
  if may_install; then
    install_missing
    hash -r
    if look_for "$@"; then return 0; fi
  fi
  report_missing
}
