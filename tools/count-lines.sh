#!/usr/bin/env bash
# Counts the lines of main code, Java and C, by package, without blank lines and comments.
#
#   tools/count-lines.sh [COMMIT [COMMIT]]
#
# For one commit, HEAD unless given, it prints each package's lines; for two, both figures and the
# change.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Prints "PACKAGE LINES" for each package of a commit.
count() {
  mkdir "$folder/$1"
  git archive "$2" | tar -x -C "$folder/$1"
  (
    cd "$folder/$1"
    find . -path '*/src/main/*' \( -name '*.java' -o -name '*.[ch]' \) -exec awk '
      FNR == 1 {
        place = FILENAME
        sub(/^\.\//, "", place)
        sub(/\/[^\/]*$/, "", place)
        sub(/src\/main\/java\/org\/kmodwatch\/[^\/]*/, "", place)
        sub(/src\/main\//, "", place)
        gsub(/\/+/, "/", place)
        sub(/\/$/, "", place)
        comment = 0
      }
      {
        line = $0
        if (comment) {
          if (!sub(/^.*\*\//, "", line)) next
          comment = 0
        }
        if (line ~ /^[ \t]*\/\*/ && !sub(/^[ \t]*\/\*.*\*\//, "", line)) { comment = 1; next }
        if (line ~ /^[ \t]*$/ || line ~ /^[ \t]*\/\//) next
        lines[place]++
      }
      END { for (place in lines) print place, lines[place] }' {} + |
      awk '{ lines[$1] += $2 } END { for (place in lines) print place, lines[place] }' | LC_ALL=C sort
  )
}

if (($# < 2)); then
  count only "${1:-HEAD}" | awk '{ printf "%-24s %7d\n", $1, $2; all += $2 } END { printf "%-24s %7d\n", "all", all }'
  exit
fi
count first "$1" >"$folder/a"
count second "$2" >"$folder/b"
LC_ALL=C join -a 1 -a 2 -e 0 -o 0,1.2,2.2 "$folder/a" "$folder/b" | awk -v first="$1" -v second="$2" '
  BEGIN { printf "%-24s %10.10s %10.10s %8s\n", "package", first, second, "change" }
  { printf "%-24s %10d %10d %+8d\n", $1, $2, $3, $3 - $2; a += $2; b += $3 }
  END { printf "%-24s %10d %10d %+8d\n", "all", a, b, b - a }'
