#!/bin/sh
# Feeds hostile bytes to every reader of foreign files for SECONDS each (60 when not given), under
# AddressSanitizer and UndefinedBehaviorSanitizer; fails on the first crash, leak, timeout or memory
# hog and leaves the input that caused it in build-fuzz/crashes. Needs clang 14 and the set-up of ./test.
#   scripts/fuzz.sh [SECONDS] [TARGET...]
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
build=${PENTIMENTO_FUZZ_BUILD:-build-fuzz}
compiler=${CXX:-clang++-14}
command -v "$compiler" >/dev/null || {
  echo "fuzz.sh: $compiler is not installed; install clang-14 (apt-get install clang-14)" >&2
  exit 1
}

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPENTIMENTO_FUZZ=ON -DPENTIMENTO_TESTS=OFF \
  -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_CXX_FLAGS="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" >/dev/null
ninja -j "$(nproc)" -C "$build" fuzz

[ $# -gt 0 ] || set -- $(cd fuzz && ls ./*_fuzz.cpp | sed 's|^\./||; s|\.cpp$||')
mkdir -p "$build/crashes"
for target in "$@"; do
  name=${target%_fuzz}
  mkdir -p "$build/corpus/$name"
  seeds=""
  [ -d "fuzz/corpus/$name" ] && seeds="fuzz/corpus/$name"
  echo "fuzz.sh: $target for $seconds s"
  # shellcheck disable=SC2086
  "$build/fuzz/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=1024 -max_len=65536 \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$build/crashes/$name-" "$build/corpus/$name" $seeds
done
echo "fuzz.sh: no crash"
