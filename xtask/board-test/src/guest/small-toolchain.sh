#!/bin/busybox sh
# Trains the narrowest network there is: an emulated processor takes a hundred
# times as long for arithmetic as a real one.
toolchain=/lib/toolchain/normwatch-toolchain
[ "$1" = train ] && exec $toolchain "$@" --base-width 1
exec $toolchain "$@"
