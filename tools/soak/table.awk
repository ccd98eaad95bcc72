# What the guest of tools/soak.sh said, as a table for docs/reference/performance.md. In the second half, the greatest of the last quarter is
# held against the greatest of the third: it may be more by a twentieth, and by what one measurement differs from the
# next; series by nothing. Ends with 1 if something is not flat, or if a load has no record.
function value(name) { return v[samples "," name] }
function most(name, from, to,   i, max) {
  max = -1
  for (i = from; i <= to; i++) if (v[i "," name] + 0 > max) max = v[i "," name] + 0
  return max
}
$1 == "sample" {
  samples++
  for (i = 2; i <= NF; i++) { split($i, pair, "="); v[samples "," pair[1]] = pair[2] }
  next
}
$1 == "loads" || $1 == "loads-recorded" || $1 == "programs-of-nobody" || $1 == "images-refused" || $1 == "reloads" { n[$1] = $2 }
END {
  # The last one is from after the work.
  during = samples - 1
  printf "%s: %s, Linux %s, emulated, %d s, %d ms between two loads%s.\n\n", date, "2 processors and 2 GiB", kernel, seconds, pause, hostile == "true" ? ", hostile form" : ""
  print "| after | heap after a forced collection | native memory | RSS | threads | descriptors | disk | series | health |"
  print "|---|---|---|---|---|---|---|---|---|"
  for (i = 1; i <= samples; i++) {
    if (i != 1 && i != during && i != samples && i % 2) continue
    printf "| %s | %.1f MiB | %.1f MiB | %.1f MiB | %d | %d | %.1f MiB | %d | %s |\n", (i == samples ? "the end" : v[i ",seconds"] " s"),
      v[i ",heapKiB"] / 1024, v[i ",nativeKiB"] / 1024, v[i ",rssKiB"] / 1024, v[i ",threads"], v[i ",descriptors"],
      v[i ",diskKiB"] / 1024, v[i ",series"], v[i ",health"]
  }
  print ""
  half = int(during / 2); third = int(during * 3 / 4)
  split("heapKiB 512 nativeKiB 2048 rssKiB 2048 threads 2 descriptors 3 diskKiB 1024 series 0", rule, " ")
  for (i = 1; i in rule; i += 2) {
    before = most(rule[i], half + 1, third); after = most(rule[i], third + 1, during)
    flat = after <= before * (rule[i] == "series" ? 1 : 1.05) + rule[i + 1]
    if (!flat) bad = bad (bad ? ", " : "") rule[i] " (" before ", then " after ")"
  }
  printf "- Flat over the second half: %s.\n", bad ? "not " bad : "yes"
  printf "- Accepted loads: %d, with a record: %d. Reloads: %d. Restarts: %d.\n", n["loads"], n["loads-recorded"], n["reloads"], value("restarts")
  if (hostile == "true") printf "- Programs of nobody: %d, refused images: %d.\n", n["programs-of-nobody"], n["images-refused"]
  exit (during < 8 || bad || n["loads"] == 0 || n["loads"] != n["loads-recorded"] || value("restarts") != 0)
}
