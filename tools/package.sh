#!/usr/bin/env bash
# Builds build/package/kmodwatch_VERSION_amd64.deb. It has the jars, a Java run-time image with only
# the JDK modules that they use, and an ahead-of-time cache of their classes. It also has libbpf
# with the two libraries that it needs, the command, and the unit. The installed package needs no
# JDK.
#
#   tools/package.sh [--lib DIR] [--uncompressed]
#
# Builds stale parts first; with --lib, takes the jars in DIR unchanged. The lab's own jar is left
# out. With --uncompressed the package is built, and unpacked, in less time. The times in it are
# those of SOURCE_DATE_EPOCH, or of the last commit. Progress goes to standard error.
# Exit status: 0 done, 64 wrong usage, 69 something is missing (the message names it and the
# remedy).
set -euo pipefail
umask 022
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=tools/build.sh
source "${BASH_SOURCE[0]%/*}/build.sh"

readonly exit_usage=64
readonly packaging=$kmodwatch_root/packaging/deb
readonly out=$kmodwatch_root/build/package
readonly native=(libbpf.so.1 libelf.so.1 libz.so.1)

lib=
# Every dpkg since Debian 7 reads xz.
compression=xz
while (($#)); do
  case $1 in
    --lib)
      (($# >= 2)) || fail "$exit_usage" "--lib needs a folder"
      lib=$2
      shift
      ;;
    --uncompressed) compression=none ;;
    *) fail "$exit_usage" "unknown argument $1; usage: tools/package.sh [--lib DIR] [--uncompressed]" ;;
  esac
  shift
done

find_jdk || need build
for program in dpkg-deb objdump ldconfig; do
  type -P "$program" >/dev/null ||
    fail "$kmodwatch_exit_unavailable" "$program is not installed; remedy: apt-get install dpkg binutils libc-bin"
done
[[ $(dpkg --print-architecture) == amd64 ]] ||
  fail "$kmodwatch_exit_unavailable" "the package is made on amd64 only; remedy: build it on such a machine"
if [[ -z $lib ]]; then
  build_if_stale
  lib=$kmodwatch_app/lib
fi
jars=()
for jar in "$lib"/*.jar; do
  [[ ! -e $jar || ${jar##*/} == kmodwatch-lab-* ]] || jars+=("$jar")
done
((${#jars[@]})) || fail "$kmodwatch_exit_unavailable" "no jars in $lib"

epoch=${SOURCE_DATE_EPOCH:-}
[[ -n $epoch ]] || epoch=$(git -C "$kmodwatch_root" log -1 --format=%ct 2>/dev/null) || epoch=$(stat -c %Y "$kmodwatch_root/CHANGELOG.md")
export SOURCE_DATE_EPOCH=$epoch
# A snapshot's version sorts before its release, and in the order of the commits.
version=$(sed -n 's/^  <version>\(.*\)<\/version>$/\1/p' "$kmodwatch_root/pom.xml" | head -n 1)
version=${version/-SNAPSHOT/"~snapshot$(date -u -d "@$epoch" +%Y%m%d%H%M%S)"}

mkdir -p "$out"
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree home=$work/tree/usr/lib/kmodwatch doc=$work/tree/usr/share/doc/kmodwatch
mkdir -p "$home/lib" "$doc" "$tree/DEBIAN"
chmod 755 "$work" "$tree"

say "packaging $version: the Java run-time image"
modules=$("$kmodwatch_jdk/bin/jdeps" --ignore-missing-deps --multi-release 25 -q --print-module-deps "${jars[@]}") ||
  fail "$kmodwatch_exit_unavailable" "jdeps cannot tell what the jars in $lib need"
"$kmodwatch_jdk/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress zip-6 \
  --output "$home/runtime" >&2 || fail "$kmodwatch_exit_unavailable" "jlink failed; it says above why"
# Only the launcher is needed: the rest of bin is for people.
find "$home/runtime/bin" -mindepth 1 ! -name java -delete
"$kmodwatch_jdk/bin/java" "$kmodwatch_root/tools/PackJars.java" "$home/lib" "$epoch" "${jars[@]}" ||
  fail "$kmodwatch_exit_unavailable" "the jars cannot be made ready; it says above why"

# The image's launcher searches this folder first ($ORIGIN/../lib), so children inherit no
# LD_LIBRARY_PATH.
for library in "${native[@]}"; do
  path=$(ldconfig -p | sed -n "s/^\t${library//./\\.} (libc6,x86-64) => //p" | head -n 1)
  [[ -n $path ]] || fail "$kmodwatch_exit_unavailable" "$library is not installed; remedy: apt-get install libbpf1"
  cp -L "$path" "$home/runtime/lib/$library"
done
for package in libbpf1 libelf1 libelf1t64 zlib1g; do
  [[ ! -r /usr/share/doc/$package/copyright ]] || cp "/usr/share/doc/$package/copyright" "$doc/copyright.${package%t64}"
done

# put MODE SOURCE TARGET
put() {
  install -D -m "$1" "$2" "$tree/$3"
}
put 755 "$packaging/kmodwatch" usr/bin/kmodwatch
for options in common watch replay other; do
  put 644 "$kmodwatch_root/packaging/java/$options" "usr/lib/kmodwatch/java/$options"
done
put 644 "$packaging/kmodwatch.service" usr/lib/systemd/system/kmodwatch.service
put 644 "$packaging/sysusers.conf" usr/lib/sysusers.d/kmodwatch.conf
put 640 "$packaging/kmodwatch.env" etc/kmodwatch/kmodwatch.env
chmod 750 "$tree/etc/kmodwatch"
put 644 "$packaging/copyright" usr/share/doc/kmodwatch/copyright

say "packaging $version: the manual, and completion for shells"
# java CLASS ARGUMENT...: runs a class of the new package.
java() {
  "$home/runtime/bin/java" --sun-misc-unsafe-memory-access=allow -XX:TieredStopAtLevel=1 -cp "$(class_path "$home"/lib/*.jar)" "$@"
}
mkdir -p "$tree/usr/share/man/man8" "$tree/usr/share/bash-completion/completions" "$tree/usr/share/zsh/vendor-completions"
java org.kmodwatch.agent.build.ManPages "$work/man" "$packaging/kmodwatch.8.more" ||
  fail "$kmodwatch_exit_unavailable" "the manual cannot be made; it says above why"
for page in "$work"/man/*.8; do
  gzip -9n <"$page" >"$tree/usr/share/man/man8/${page##*/}.gz"
done
java org.kmodwatch.agent.Main completion bash >"$tree/usr/share/bash-completion/completions/kmodwatch"
java org.kmodwatch.agent.Main completion zsh >"$tree/usr/share/zsh/vendor-completions/_kmodwatch"
gzip -9n <"$kmodwatch_root/CHANGELOG.md" >"$doc/changelog.gz"
[[ ! -r $kmodwatch_root/docs/how-to/install.md ]] || gzip -9n <"$kmodwatch_root/docs/how-to/install.md" >"$doc/install.md.gz"
maintainer='Kmodwatch <kmodwatch@localhost>'
gzip -9n >"$doc/changelog.Debian.gz" <<END
kmodwatch ($version) unstable; urgency=medium

  * What is new is in changelog.gz.

 -- $maintainer  $(date -R -u -d "@$epoch")
END

chmod -R go-w "$tree"
find "$home" -type f ! -path '*/runtime/bin/*' ! -name jexec ! -name jspawnhelper -exec chmod 644 {} +
find "$tree" -exec touch -h -d "@$epoch" {} +

# This step comes after the last change of a file's time, by which Java checks whether the cache is
# valid. The later move of the tree to another folder does not matter.
say "packaging $version: the ahead-of-time cache"
train apart "$home/runtime/bin/java" "$home/kmodwatch.aot" "$work/cache.log" "$home"/lib/*.jar ||
  fail "$kmodwatch_exit_unavailable" "no ahead-of-time cache came of it: $(tail -n 5 "$work/cache.log")"
chmod 644 "$home/kmodwatch.aot"

# The newest version of the C library that the programs and libraries require.
libc=$(find "$home/runtime" "$home/lib" -type f \( -name '*.so*' -o -name java -o -name jspawnhelper \) -exec objdump -T {} + |
  sed -n 's/.*(\?GLIBC_\([0-9.]*\))\? .*/\1/p' | sort -Vu | tail -n 1)
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) \
  >"$tree/DEBIAN/md5sums"
printf '/etc/kmodwatch/kmodwatch.env\n' >"$tree/DEBIAN/conffiles"
for script in postinst prerm postrm; do
  install -m 755 "$packaging/$script" "$tree/DEBIAN/$script"
done
cat >"$tree/DEBIAN/control" <<END
Package: kmodwatch
Version: $version
Architecture: amd64
Maintainer: $maintainer
Installed-Size: $(du -k -s --apparent-size --exclude=DEBIAN "$tree" | cut -f 1)
Depends: libc6 (>= $libc), systemd, init-system-helpers (>= 1.54)
Section: admin
Priority: optional
Description: record of every kernel module that is loaded, or tried
 Kmodwatch watches the kernel by eBPF programs that sit on module loading and
 nothing else. Each attempt becomes one record: who asked, by which route, what
 exactly was loaded, who signed it, what became of it; and raises the finding
 TRC-1017, "Kernel module loading detected".
 .
 The package starts a service with three capabilities, CAP_BPF, CAP_PERFMON and
 CAP_DAC_READ_SEARCH, that writes the records to the journal. It brings its own
 Java run-time image.
END
find "$tree" -exec touch -h -d "@$epoch" {} +

say "packaging $version: the archive"
dpkg-deb --root-owner-group "-Z$compression" --build "$tree" "$work/deb" >/dev/null
rm -f "$out"/kmodwatch_*.deb
mv "$work/deb" "$out/kmodwatch_${version}_amd64.deb"
say "packaged $out/kmodwatch_${version}_amd64.deb: $(($(stat -c %s "$out/kmodwatch_${version}_amd64.deb") / 1024)) KiB," \
  "installed $(sed -n 's/^Installed-Size: //p' "$tree/DEBIAN/control") KiB"
