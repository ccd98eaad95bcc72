#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
# Compiles the eBPF programs into object files: build.sh FOLDER
#   guard.bpf.o          that which refuses to switch ftrace off
#   sensor.bpf.o         the sensor
#   sensor-direct.bpf.o  the sensor for kernels which let no program read memory by a helper (reads.h)
# or another source, which may include theirs: build.sh FOLDER SOURCE OBJECT OPTION...
# CLANG and LLVM_STRIP name other tools than those on the path.
set -eu
folder=$1
home=$(dirname "$0")
mkdir -p "$folder"
shift

# -g is for BTF; llvm-strip then takes the DWARF part out. The multiarch folder is where Debian keeps asm/types.h, which
# clang does not look into for the bpf target. Version 2 of the instruction set is what every kernel from 4.14 on takes.
# compile SOURCE OBJECT OPTION...
compile() {
	source=$1
	object=$folder/$2
	shift 2
	"${CLANG:-clang}" -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror -target bpf -mcpu=v2 "$@" \
		-I "$home" -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$source" -o "$object.new"
	"${LLVM_STRIP:-llvm-strip}" -g "$object.new"
	mv "$object.new" "$object"
}

if [ $# -gt 0 ]; then
	compile "$@"
else
	compile "$home/guard.bpf.c" guard.bpf.o
	compile "$home/sensor.bpf.c" sensor.bpf.o
	compile "$home/sensor.bpf.c" sensor-direct.bpf.o -DKW_NO_PROBE_READ
fi
