#!/usr/bin/env bash
# Tests tools/setup.sh and ./kmodwatch without a network or an installation: apt and sudo are
# stand-ins.
set -euo pipefail
root=$(CDPATH='' cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

failures=0
tests=0
# check WHAT EXPECTED-STATUS PATTERN: checks the status and output of the last run.
check() {
  tests=$((tests + 1))
  # shellcheck disable=SC2053 # the pattern is meant as one
  if [[ $status != "$2" || $output != $3 ]]; then
    failures=$((failures + 1))
    printf 'FAILED: %s: status=%s, expected %s; output:\n%s\nexpected: %s\n' "$1" "$status" "$2" "$output" "$3" >&2
  fi
}

run() {
  status=0
  output=$("$@" 2>&1) || status=$?
}

# The checkout has only the scripts, in a folder with a space. The PATH has only stand-ins.
checkout="$scratch/a checkout"
bin=$scratch/bin
mkdir -p "$checkout/tools" "$bin" "$scratch/no-jdks" "$scratch/jdks"
cp "$root/kmodwatch" "$root/verify" "$checkout"
cp "$root"/tools/*.sh "$checkout/tools"
for program in bash env mkdir rm mv cp touch find flock tail head grep dirname readlink sleep cat chmod mktemp; do
  ! path=$(type -P "$program") || ln -s "$path" "$bin/$program"
done

stub() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}

jdk() {
  mkdir -p "$1/bin"
  printf 'JAVA_VERSION="%s"\n' "$2" >"$1/release"
  # shellcheck disable=SC2016 # for the stand-in to expand
  for program in java javac jlink; do stub "$1/bin/$program" 'printf "<%s>" "${@: -3}"; cat; exit 7'; done
}

# setup FOLDER-OF-JDKS GROUP…: runs need in the checkout, as a user who sees only the stand-ins.
setup() {
  local jdks=$1
  shift
  # shellcheck disable=SC2016 # for the inner bash to expand
  env -i PATH="$bin" HOME="$scratch" KMODWATCH_JDK_FOLDERS="$jdks" ${extra:+"$extra"} bash -c '
    source "$0/tools/setup.sh"
    need "$@"
    echo "jdk=$kmodwatch_jdk"' "$checkout" "$@"
}
extra=

# From here on only one of the two programs is missing.
stub "$bin/mandoc" :

run setup "$scratch/no-jdks" lab
check 'without apt everything that is missing is named' 69 'kmodwatch: missing: a JDK 25 or newer, qemu-system-x86*there is no apt here*'

jdk "$scratch/jdks/jdk-21" 21.0.4
run setup "$scratch/jdks" verify
check 'a JDK that is too old is none' 69 '*a JDK 25 or newer*'

jdk "$scratch/jdks/jdk-26" 26
run setup "$scratch/jdks" verify
check 'a JDK that is new enough is found' 69 'kmodwatch: missing: shellcheck*'

extra=KMODWATCH_JAVA_HOME=$scratch/jdks/jdk-21
run setup "$scratch/jdks" verify
check 'a JDK that the user names must fit' 69 "*KMODWATCH_JAVA_HOME=$scratch/jdks/jdk-21 is not a JDK 25*"

extra=JAVA_HOME=$scratch/jdks/jdk-21
stub "$bin/shellcheck" :
run setup "$scratch/jdks" verify
check 'JAVA_HOME is passed over if it is too old' 0 "jdk=$scratch/jdks/jdk-26"
extra=
rm "$bin/shellcheck"

# This apt knows every package, and its install creates the program. sudo is for runs without root.
# shellcheck disable=SC2016 # for the stand-ins to expand
{
  stub "$bin/apt-cache" 'echo "  Candidate: 1.0"'
  stub "$bin/apt-get" 'echo "$*" >>'"$scratch"'/apt-calls; case $* in *install*) printf "#!/bin/sh\n" >'"$bin"'/shellcheck; chmod +x '"$bin"'/shellcheck;; esac'
  stub "$bin/sudo" '[[ $1 != -n ]] || shift; exec "$@"'
}
run setup "$scratch/jdks" verify
check 'what is missing is installed' 0 "kmodwatch: installing shellcheck*jdk=$scratch/jdks/jdk-26"
run cat "$scratch/apt-calls"
check 'by one call of apt-get' 0 '-q install -y --no-install-recommends shellcheck'

run setup "$scratch/jdks" verify
check 'nothing is installed twice' 0 "jdk=$scratch/jdks/jdk-26"
run cat "$scratch/apt-calls"
check 'and apt is not called again' 0 '-q install -y --no-install-recommends shellcheck'

rm "$bin/shellcheck"
stub "$bin/apt-get" 'echo "E: no such luck"; exit 100'
run setup "$scratch/jdks" verify
check 'the end of what apt said is shown if it fails' 69 '*E: no such luck*apt-get could not install shellcheck*'

stub "$bin/apt-cache" 'echo "  Candidate: (none)"'
stub "$bin/apt-get" :
run setup "$scratch/no-jdks" verify
check 'a JDK that no repository has is named' 69 '*asking apt for its package lists*missing: a JDK 25 or newer, shellcheck*temurin-25-jdk*'

# Starts with nothing stale, from another folder, through a link.
mkdir -p "$checkout/build/app/lib" "$checkout/lab/target/dist/lib" "$checkout/core" "$checkout/.mvn" "$checkout/packaging/java" \
  "$checkout/bench/target/dist/lib" "$scratch/elsewhere"
: >"$checkout/pom.xml"
: >"$checkout/core/pom.xml"
: >"$checkout/build/app/lib/one.jar"
sleep 0.02
: >"$checkout/build/app/stamp"
ln -s "$checkout/kmodwatch" "$scratch/elsewhere/km"
cd "$scratch/elsewhere"
start() {
  run env -i PATH="$bin" KMODWATCH_JAVA_HOME="$scratch/jdks/$1" ./km "${@:2}"
}
start jdk-26 </dev/null
check 'a cache of classes that cannot be made stops nothing' 7 '*no cache of classes for this JDK*no cache for a quicker start: *cache.log*<org.kmodwatch.agent.Main>'
start jdk-26 'two words' $'two\nlines' '' <<<'standard input'
check 'arguments, standard input and status go through as they are' 7 $'<two words><two\nlines><>standard input'

: >"$checkout/build/app/kmodwatch.aot"
start jdk-26 --version </dev/null
check 'the cache that was made for this folder and JDK is used' 7 "<-XX:AOTCache=$checkout/build/app/kmodwatch.aot><org.kmodwatch.agent.Main><--version>"
jdk "$scratch/jdks/jdk-27" 27
start jdk-27 --version </dev/null
check 'with another JDK the cache is made anew' 7 '*no cache of classes for this JDK*><org.kmodwatch.agent.Main><--version>'
: >"$checkout/build/app/kmodwatch.aot"
printf 'JAVA_VERSION="27.0.1"\n' >"$scratch/jdks/jdk-27/release"
start jdk-27 --version </dev/null
check 'with a JDK that was upgraded the cache is made anew' 7 '*no cache of classes for this JDK*><org.kmodwatch.agent.Main><--version>'
: >"$checkout/build/app/kmodwatch.aot"
flock "$checkout/build/.lock" bash -c "rm '$checkout/build/app/kmodwatch.aot.stamp'; exec env -i PATH='$bin' KMODWATCH_JAVA_HOME='$scratch/jdks/jdk-27' ./km --version" \
  >"$scratch/locked" 2>&1 </dev/null || true
run cat "$scratch/locked"
check 'a start beside one that is building goes on without a cache' 0 '<*.jar><org.kmodwatch.agent.Main><--version>'

sleep 0.02
: >"$checkout/core/pom.xml"
stub "$bin/mvn" 'echo "[INFO] Building Kmodwatch core 1 [1/1]"; echo "[ERROR] does not compile"; exit 1'
for program in clang llvm-strip; do stub "$bin/$program" :; done
start jdk-26 --version </dev/null
if [[ -r /usr/include/bpf/bpf_helpers.h ]]; then
  check 'a build that fails says why' 70 '*building Kmodwatch core *1/1]*does not compile*the build failed*build.log'
fi

if ((failures)); then
  printf 'test-setup: %d of %d failed\n' "$failures" "$tests" >&2
  exit 1
fi
printf 'test-setup: %d tests passed\n' "$tests"
