#!/usr/bin/env bash
# Configures build/ once and builds the targets named (none: everything). Says nothing when
# everything is up to date; shows the whole log when the build fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mkdir -p build
log=build/build.log
if [[ ! -f build/build.ninja ]]; then
  echo "Configuring" >&2
  if ! cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release >"$log" 2>&1; then
    cat "$log" >&2
    echo "build: CMake could not configure the project (see above)" >&2
    exit 1
  fi
fi

# Only lines of real work, [12/300] Building …, become progress.
show_progress() {
  local line drawn=""
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (Building|Linking|Generating) ]] || continue
    if [[ -t 2 ]]; then
      printf '\rBuilding %s of %s ' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
    elif [[ -z $drawn ]]; then
      echo "Building ${BASH_REMATCH[2]} steps" >&2
    fi
    drawn=1
  done
  [[ -z $drawn || ! -t 2 ]] || printf '\r\033[K' >&2
}

if ! ninja -C build -j "${PENTIMENTO_JOBS:-$(nproc)}" "$@" 2>&1 | tee "$log" | show_progress; then
  grep -v -E '^\[[0-9]+/[0-9]+\] (Building|Linking|Generating|Re-checking)' "$log" >&2 || true
  echo "build: the compiler stopped (see above; the whole log is $log)" >&2
  exit 1
fi
