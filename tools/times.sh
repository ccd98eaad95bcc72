#!/usr/bin/env bash
# Prints how the time of a run was spent, from the reports of its tests. It lists the 25 slowest
# classes, with the guests that each booted, and the sum of each module. Forks run at the same time,
# so a sum may exceed the run.
#
#   tools/times.sh [NEWER]
#
# With NEWER only reports that are newer than that file count.
set -euo pipefail

home=$(CDPATH='' cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)
readonly home
cd "$home"
newer=()
(($# == 0)) || newer=(-newer "$1")
boots=build/logs/boots
[[ -e $boots ]] || boots=/dev/null

find ./*/target -path '*-reports/TEST-*.xml' "${newer[@]}" -exec grep -H '<testsuite ' {} + |
  sed -E 's|^\./([^/]*)/target/(sure)?(fail)?[a-z]*-reports/[^:]*:.* name="([^"]*)" .*time="([0-9.]*)" tests="([0-9]*)".*|\1 \4 \5 \6|' |
  awk -v boots="$boots" '
    function row(what, seconds, tests, guests) {
      printf "%9d:%02d %7d %7s  %s\n", seconds / 60, seconds % 60, tests, guests ? guests : "", what
    }
    BEGIN {
      while ((getline line <boots) > 0) {
        split(line, word, " ")
        boots_of[word[1]]++
      }
      printf "%12s %7s %7s\n", "min:s", "tests", "guests"
    }
    {
      class = $2
      sub(/.*\./, "", class)
      what = class " (" $1 ")"
      seconds[what] += $3
      tests[what] += $4
      guests[what] = boots_of[class]
      if (!($1 in module_seconds)) modules[++modules_seen] = $1
      module_seconds[$1] += $3
      module_tests[$1] += $4
    }
    END {
      for (what in seconds) order[++count] = what
      for (shown = 1; shown <= 25 && shown <= count; shown++) {
        longest = shown
        for (i = shown + 1; i <= count; i++) if (seconds[order[i]] > seconds[order[longest]]) longest = i
        what = order[longest]
        order[longest] = order[shown]
        row(what, seconds[what], tests[what], guests[what])
      }
      for (what in guests) { split(what, word, /[()]/); module_guests[word[2]] += guests[what] }
      for (i = 1; i <= modules_seen; i++) row("all of " modules[i], module_seconds[modules[i]], module_tests[modules[i]], module_guests[modules[i]])
    }'
