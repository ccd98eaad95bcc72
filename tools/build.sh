# shellcheck shell=bash
# Sourced: builds build/app if it is stale. Kmodwatch runs from there, not from Maven's output
# folders: a build must not replace the jars of a Kmodwatch that is watching.

# shellcheck source=tools/setup.sh
source "${BASH_SOURCE[0]%/*}/setup.sh"

kmodwatch_app=$kmodwatch_root/build/app

# Sets kmodwatch_java_options for the command named $1. A package has the same options, from the
# same files.
set_java_options() {
  local options=other
  case $1 in
    watch | replay) options=$1 ;;
  esac
  # shellcheck disable=SC2034 # for whoever sources this
  kmodwatch_java_options=(
    "@$kmodwatch_root/packaging/java/common" "@$kmodwatch_root/packaging/java/$options" "-Dkmodwatch.home=$kmodwatch_root"
    -cp "$(class_path "$kmodwatch_app"/lib/*.jar)"
  )
  if cache_fits; then kmodwatch_java_options+=("-XX:AOTCache=$kmodwatch_app/kmodwatch.aot"); fi
}

# Kmodwatch's own jars come first, then xz's: to find a class, Java opens all jars before the one that has it. The first
# compressed module must not wait for that, since reading it has a time limit.
class_path() {
  local jar own='' others=''
  for jar in "$@"; do
    case ${jar##*/} in
      kmodwatch-* | xz-*) own+=${own:+:}$jar ;;
      *) others+=:$jar ;;
    esac
  done
  printf '%s' "$own$others"
}

# Makes an ahead-of-time cache of classes that are read, verified and linked: train LINKING JAVA
# CACHE LOG JAR... The JARs are those of the later class path. The cache has no adapters and no
# stubs: they would be for this machine's processor, and end with SIGILL on a lesser one. With
# LINKING "linked", classes are linked with each other, lambdas included, and all of them are in
# memory from the start. That is for a guest, where linking a class takes a hundred times as long.
# With "apart" they are not linked with each other.
train() {
  local linking=- java=$2 cache=$3 log=$4 folder status=0
  [[ $1 == apart ]] || linking=+
  shift 4
  # The package has SQLite's library there too.
  local natives=-Dorg.sqlite.lib.path=${1%/*}
  folder=$(mktemp -d)
  # Two steps: the single step passes its options on in JAVA_TOOL_OPTIONS, which Java reports.
  env -u JAVA_TOOL_OPTIONS "$java" "@$kmodwatch_root/packaging/java/common" "@$kmodwatch_root/packaging/java/watch" \
    "$natives" -XX:AOTMode=record -XX:AOTConfiguration="$folder/configuration" -cp "$(class_path "$@")" org.kmodwatch.agent.build.Training \
    "$kmodwatch_root/image/src/test/resources/org/kmodwatch/image/seeds/signed" "$folder/machine" </dev/null >"$log" 2>&1 &&
    env -u JAVA_TOOL_OPTIONS "$java" "@$kmodwatch_root/packaging/java/common" "@$kmodwatch_root/packaging/java/watch" \
      -XX:-AOTStubCaching -XX:-AOTAdapterCaching "-XX:${linking}AOTClassLinking" \
      -XX:AOTMode=create -XX:AOTConfiguration="$folder/configuration" -XX:AOTCache="$cache" -cp "$(class_path "$@")" \
      </dev/null >>"$log" 2>&1 || status=$?
  rm -rf "$folder"
  [[ $status == 0 && -e $cache ]]
}

# Succeeds if sources are newer than the build. Tests do not count: they are not part of the build.
is_stale() {
  local -a sources=("$kmodwatch_root"/*/pom.xml)
  local stamp=$kmodwatch_app/stamp newer
  [[ -e $stamp && -e $kmodwatch_app/lib && -e $kmodwatch_root/lab/target/dist/lib && -e $kmodwatch_root/bench/target/dist/lib ]] ||
    return 0
  # Folders count only inside src, where only people change them: a deleted file makes its folder
  # newer.
  newer=$(find "${sources[@]%/pom.xml}" "$kmodwatch_root/pom.xml" "$kmodwatch_root/.mvn" "$kmodwatch_root/packaging/java" \
    \( -name target -o -path '*/src/test' \) -prune -o \( -type f -o -path '*/src/*' \) -newer "$stamp" -print -quit)
  [[ -n $newer ]]
}

# Takes the lock until the script ends or calls unlock, so that two starts do not build in the same
# folders at once.
lock() {
  mkdir -p "$kmodwatch_root/build" 2>/dev/null || true
  if [[ ! -w $kmodwatch_root/build ]]; then
    fail "$kmodwatch_exit_unavailable" "cannot write to $kmodwatch_root/build; build once as the owner of the checkout"
  fi
  open_lock
  if ! flock -n "$kmodwatch_lock"; then
    say "waiting for another start that is building"
    flock "$kmodwatch_lock"
  fi
}

open_lock() {
  local file=$kmodwatch_root/build/.lock
  [[ -e $file ]] || : >>"$file"
  exec {kmodwatch_lock}<"$file"
}

# Takes the lock without a wait; fails if another start is building.
try_lock() {
  open_lock
  if flock -n "$kmodwatch_lock"; then return 0; fi
  unlock
  return 1
}

unlock() {
  exec {kmodwatch_lock}<&-
}

# Copies Maven's log to $1 and reports the progress of the build from it.
show_progress() {
  local line fetched=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >&3
    case $line in
      *'] Building '*'['*/*']')
        line=${line#*Building }
        say "building ${line%% [0-9]*} ${line##* }"
        ;;
      *'Downloaded from '*)
        fetched=$((fetched + 1))
        ((fetched % 100)) || say "fetched $fetched files from Maven's repositories"
        ;;
    esac
  done 3>"$1"
}

maven() {
  # Closes the lock: a helper process that outlives Maven must not keep it.
  (cd "$kmodwatch_root" && JAVA_HOME=$kmodwatch_jdk exec mvn -B "$@" </dev/null {kmodwatch_lock}<&-)
}

# Copies Maven's result to build/app: whole or not at all. $1 is a file as old as the start of the
# build.
publish() {
  local new=$kmodwatch_root/build/app.new old=$kmodwatch_root/build/app.old
  rm -rf "$new" "$old"
  mkdir -p "$new/lib"
  cp -p "$kmodwatch_root"/lab/target/dist/lib/*.jar "$new/lib"
  touch -r "$1" "$new/stamp"
  [[ ! -e $kmodwatch_app ]] || mv "$kmodwatch_app" "$old"
  mv "$new" "$kmodwatch_app"
  rm -rf "$old"
  make_cache
}

# Sets kmodwatch_cache_stamp to the folder and the JDK that a cache of classes is valid for. Java
# itself compares only names, sizes and times of the jars, not their folder. With a cache from
# another folder it takes some classes from there and loads the others from here. Then it rejects a
# sealed package that has classes of both.
set_cache_stamp() {
  local release=
  IFS= read -rd '' release <"$kmodwatch_jdk/release" || true
  kmodwatch_cache_stamp=$kmodwatch_root$'\n'$kmodwatch_jdk$'\n'$release
}

# Succeeds if the cache was made for this folder and this JDK, or could not be made for them.
cache_is_current() {
  local stamp=
  [[ -r $kmodwatch_app/kmodwatch.aot.stamp ]] || return 1
  IFS= read -rd '' stamp <"$kmodwatch_app/kmodwatch.aot.stamp" || true
  set_cache_stamp
  [[ $stamp == "$kmodwatch_cache_stamp" ]]
}

cache_fits() {
  [[ -e $kmodwatch_app/kmodwatch.aot ]] && cache_is_current
}

# A missing cache costs only time. A Kmodwatch that is running keeps its mapped cache.
make_cache() {
  local log=$kmodwatch_root/build/logs/cache.log cache=$kmodwatch_app/kmodwatch.aot
  mkdir -p "${log%/*}"
  rm -f "$cache.stamp"
  if train apart "$kmodwatch_jdk/bin/java" "$cache.new" "$log" "$kmodwatch_app"/lib/*.jar; then
    mv "$cache.new" "$cache"
  else
    rm -f "$cache" "$cache.new"
    say "no cache for a quicker start: $log says why"
  fi
  # The stamp is also written without a cache, so that not every start tries again.
  set_cache_stamp
  printf '%s' "$kmodwatch_cache_stamp" >"$cache.stamp" || say "cannot write $cache.stamp: the next start makes the cache again"
}

# Makes the cache for this folder and this JDK if it was made for others. A start that may not write
# here, or would have to wait for another start, continues without it.
renew_cache() {
  if cache_is_current || [[ ! -w $kmodwatch_app || ! -w $kmodwatch_root/build ]] || ! try_lock; then return 0; fi
  if ! cache_is_current; then
    say "this folder has no cache of classes for this JDK: making one"
    make_cache
    give_back
  fi
  unlock
}

# After a build by sudo, gives the files to the checkout's owner, whose next build would fail
# otherwise.
give_back() {
  local -a made=("$kmodwatch_root/build" "$kmodwatch_root"/*/target)
  if ((EUID == 0)) && [[ -n ${SUDO_UID:-} && -n ${SUDO_GID:-} && ! -O $kmodwatch_root ]]; then
    chown -R "$SUDO_UID:$SUDO_GID" "${made[@]}"
  fi
}

# Builds if anything is stale. It never returns a failure: a build that fails ends the script.
build_if_stale() {
  local log=$kmodwatch_root/build/logs/build.log started=$SECONDS
  if ! is_stale; then return 0; fi
  lock
  if is_stale; then
    need build
    mkdir -p "$kmodwatch_root/build/logs"
    touch "$kmodwatch_root/build/started"
    say "building what is stale; $log has the details"
    if ! maven package -Dmaven.test.skip=true -Dspotless.check.skip=true -Dcyclonedx.skip=true 2>&1 | show_progress "$log"; then
      grep -E '^\[ERROR\]' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
      fail "$kmodwatch_exit_fault" "the build failed; all that Maven said is in $log"
    fi
    publish "$kmodwatch_root/build/started"
    give_back
    say "built in $((SECONDS - started)) s"
  fi
  unlock
}
