#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
# Compiles eBPF programs into an object file: build.sh SOURCE OBJECT
# CLANG and LLVM_STRIP name other tools than those on the path.
set -eu
source=$1
object=$2
mkdir -p "$(dirname "$object")"
# -g is for BTF; llvm-strip then takes the DWARF part out. The multiarch folder is where Debian keeps asm/types.h, which
# clang does not look into for the bpf target. Version 2 of the instruction set is what every kernel from 4.14 on takes.
"${CLANG:-clang}" -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror -target bpf -mcpu=v2 \
	-idirafter "/usr/include/$(uname -m)-linux-gnu" \
	-c "$source" -o "$object.new"
"${LLVM_STRIP:-llvm-strip}" -g "$object.new"
mv "$object.new" "$object"
