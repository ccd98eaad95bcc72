#!/usr/bin/env bash
# Lists each changed assertion of the tests, under its commit.
#
#   tools/changed-assertions.sh FROM [TO]
#
# A changed line counts if it has an assertion or an expected text. A line that moved within a
# commit, or changed only in white space, does not count. TO is HEAD unless given.
set -euo pipefail
cd "$(dirname "$0")/.."

(($#)) || { echo 'usage: tools/changed-assertions.sh FROM [TO]' >&2; exit 64; }

git rev-list --reverse "$1..${2:-HEAD}" | while read -r commit; do
  git show -M --format='' --unified=0 "$commit" -- '*/src/test/*.java' '*/src/test/resources/*.sh' |
    awk -v commit="$(git log -1 --format='%h %s' "$commit")" '
      function trimmed(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); gsub(/[ \t]+/, " ", text); return text }
      function asserts(text) {
        return text ~ /(assert|fail\(|verify\()/ || text ~ /^\.(is|has|contains|does|all|any|none|starts|ends|matches|satisfies|extracting|filteredOn)[A-Z]?[A-Za-z]*\(/ || text ~ /"/
      }
      /^\+\+\+ |^--- / { if (/^\+\+\+ b\//) file = substr($0, 7); next }
      /^[-+]/ {
        sign = substr($0, 1, 1)
        text = trimmed(substr($0, 2))
        if (text ~ /^(import|package|\/\/|\*|\/\*)/ || !asserts(text)) next
        change[++changes] = text; signs[changes] = sign; files[changes] = file
        balance[text] += sign == "+" ? 1 : -1
      }
      END {
        for (i = 1; i <= changes; i++) {
          text = change[i]
          if (signs[i] == "+" ? balance[text] <= 0 : balance[text] >= 0) continue
          balance[text] += signs[i] == "+" ? -1 : 1
          if (!printed++) print commit
          if (files[i] != last) print "  " files[i]
          last = files[i]
          print "    " signs[i] " " text
        }
      }'
done
