#!/usr/bin/env bash
# Makes the pictures of the terminal in README and docs, docs/pictures/{lab-run,replay,inspect}.svg,
# from real runs on a terminal. The runs are the demonstration in the lab, a replay that is
# interrupted and resumed, and an inspection of a module. Draws the packages into
# docs/architecture.md from the built jars. Takes two minutes. Progress goes to standard error.
#
#   tools/pictures.sh [lab-run|replay|inspect|packages]...
#
# Exit status: 0 done, 64 wrong usage, 69 something is missing (the message names it and the
# remedy).
set -euo pipefail
export LC_ALL=C.UTF-8

# shellcheck source=tools/build.sh
source "${BASH_SOURCE[0]%/*}/build.sh"

work=$kmodwatch_root/build/pictures

type -P script >/dev/null ||
  fail "$kmodwatch_exit_unavailable" "script is not installed; remedy: apt-get install bsdutils"
need build lab
build_if_stale
mkdir -p "$work"

# session NAME COLUMNS: runs the commands on standard input on a separate terminal, and keeps the
# terminal's output.
session() {
  cat >"$work/$1.sh"
  say "making $1"
  # It runs in the checkout, so that the commands are those of the docs. The last line of script(1)
  # is removed.
  (cd "$kmodwatch_root" && env -u NO_COLOR TERM=xterm COLUMNS="$2" TZ=UTC script -qec "stty cols $2 rows 60; bash '$work/$1.sh'" \
    "$work/$1.typescript" </dev/null >/dev/null) || true
  sed -i -e '/^Script started on /d' -e '/^Script done on /d' "$work/$1.typescript"
}

# The commands of each session: "type COMMAND" shows a prompt and the command, "run COMMAND" runs it
# too.
readonly prelude='type() { printf "\033[1m$\033[0m %s\n" "$*"; }
run() { type "$*"; eval "$*"; }
'

# draw NAME COLUMNS TITLE [PATTERN-OF-THE-LAST-LINE]
draw() {
  "$kmodwatch_jdk/bin/java" --sun-misc-unsafe-memory-access=allow \
    -cp "$kmodwatch_root/lab/target/dist/lib/*:$kmodwatch_root/bench/target/dist/lib/*" org.kmodwatch.bench.TerminalPicture \
    "$work/$1.typescript" "$kmodwatch_root/docs/pictures/$1.svg" "$3" "$2" "${4:-}"
  say "made docs/pictures/$1.svg"
}

picture_lab_run() {
  session lab-run 156 <<END
$prelude
run ./kmodwatch lab run
END
  # The folder's name is specific to this machine.
  sed -i "s|$kmodwatch_root/||" "$work/lab-run.typescript"
  draw lab-run 156 'kmodwatch lab run: six ways a module comes into a kernel, each followed by what was seen'
}

picture_replay() {
  local recording=$work/week.ndjson
  "$kmodwatch_root/kmodwatch-bench" --bytes 3G --generate 0.2 "$recording" >/dev/null
  rm -f "$work/week.state" "$work/findings.ndjson"
  session replay 104 <<END
$prelude
cd '$work'
kmodwatch() { '$kmodwatch_root/kmodwatch' "\$@"; }
type 'kmodwatch replay --resume week.state week.ndjson >> findings.ndjson'
'$kmodwatch_root/kmodwatch' replay --resume week.state week.ndjson >> findings.ndjson &
# As Ctrl-C does; a job in the background hears of SIGTERM alone.
until grep -q '"percent" : [1-9]' week.state 2>/dev/null; do sleep 0.1; done
kill -TERM \$!
wait \$!
run 'kmodwatch replay --resume week.state week.ndjson >> findings.ndjson'
END
  rm -f "$recording" "$work/findings.ndjson"
  draw replay 104 'kmodwatch replay --resume: interrupted, and gone on with' 'replay  [5-9][0-9] %'
}

picture_inspect() {
  local -a kernel=("$kmodwatch_root"/build/lab/kernels/6.12/boot/vmlinuz-*)
  [[ -e ${kernel[0]} ]] ||
    fail "$kmodwatch_exit_unavailable" "no kernel 6.12 in build/lab; remedy: tools/pictures.sh lab-run, which fetches it"
  rm -rf "$work/inspect"
  mkdir -p "$work/inspect"
  cp "${kernel[0]}" "$kmodwatch_root"/build/lab/kernels/6.12/lib/modules/*/kernel/drivers/net/dummy.ko.xz "$work/inspect/"
  session inspect 104 <<END
$prelude
cd '$work/inspect'
kmodwatch() { '$kmodwatch_root/kmodwatch' "\$@"; }
run kmodwatch inspect --certificates ${kernel[0]##*/} dummy.ko.xz
END
  draw inspect 104 'kmodwatch inspect: what a module file says about itself, and who signed it'
}

picture_packages() {
  "$kmodwatch_jdk/bin/java" "$kmodwatch_root/tools/DrawPackages.java" "$kmodwatch_root/docs/architecture.md" \
    "$kmodwatch_app"/lib/kmodwatch-{core,image,sensor,history,agent}-*.jar
  say "drew the packages in docs/architecture.md"
}

(($#)) || set -- lab-run replay inspect packages
for name in "$@"; do
  case $name in
    lab-run | replay | inspect | packages) "picture_${name//-/_}" ;;
    *) fail 64 "no such picture: $name; there are lab-run, replay, inspect, packages" ;;
  esac
done
