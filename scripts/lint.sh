#!/usr/bin/env bash
# clang-tidy with the positive list of .clang-tidy over src/. Minutes, so not part of .ci/run.
#
#   scripts/lint.sh                  every file
#   scripts/lint.sh src/image/*.cpp  these
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v clang-tidy-14 >/dev/null; then
  echo "lint: clang-tidy-14 is missing; install the Debian package clang-tidy-14" >&2
  exit 1
fi
# A configuration of its own: clang cannot read GCC's precompiled headers. Nothing is built in it.
cmake -S . -B build-lint -G Ninja -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
  -DPENTIMENTO_DEPS="${PENTIMENTO_DEPS:-$PWD/.deps}" >/dev/null
files=("$@")
((${#files[@]})) || mapfile -t files < <(git ls-files 'src/*.cpp')
printf '%s\0' "${files[@]}" | xargs -0 -P "${PENTIMENTO_JOBS:-$(nproc)}" -n 1 clang-tidy-14 -p build-lint --quiet
