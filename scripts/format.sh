#!/usr/bin/env bash
# Lays out every C++ file as .clang-format says.
#
#   scripts/format.sh           rewrites them
#   scripts/format.sh --check   changes nothing, names what is out of form, exit code 1 if anything is
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v clang-format-14 >/dev/null; then
  echo "format: clang-format-14 is missing; scripts/setup.sh ci installs it" >&2
  exit 1
fi
mapfile -t files < <(git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.h' 'tests/*.cpp' 'fuzz/*.cpp' 'bench/*.h' 'bench/*.cpp')
mode=(-i)
[[ ${1:-} != --check ]] || mode=(--dry-run --Werror)
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 16 clang-format-14 "${mode[@]}"
echo "format: ${#files[@]} files"
